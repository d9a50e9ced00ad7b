"""The manifests fit the server and each other: settings, ports, names, and what is promised of a rollout."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gatherup import config
from gatherup.cli import main
from gatherup.config import tree
from gatherup.config.files import FILE_SUFFIX
from gatherup.config.leaves import PREFIX
from gatherup.http.endpoint import ENDPOINT
from gatherup.http.health import HealthResource
from protocol import limits
from tests.architecture.test_ops import OPS, image_environment, instructions
from tests.markdown import ROOT

K8S = OPS / "k8s"
ROLES = {"api": "api-deployment.yaml", "stream": "ws-deployment.yaml", "worker": "worker-deployment.yaml"}
PHASES = ("pre", "post")
STREAM_PATHS = {"/v1/stream", "/v1/events"}
GUIDE = (ROOT / "docs" / "guides" / "operators.md").read_text()
GRACE_S = 10
"""What a pod gets beyond what it says it needs."""
_MULTIPLES = {"m": 1e-3, "": 1, "Mi": 2**20, "Gi": 2**30}

Document = dict[str, Any]


def documents(path: Path) -> list[Document]:
    return list(yaml.safe_load_all(path.read_text()))


EVERY = [(path, one) for path in sorted(K8S.rglob("*.yaml")) for one in documents(path)]
APPLIED = [one for path, one in EVERY if path.parent == K8S]
OPTIONAL = [one for path, one in EVERY if path.parent == K8S / "optional"]
JOBS = {phase: documents(K8S / "migrations" / f"{phase}.yaml")[0] for phase in PHASES}
DEPLOYMENTS = {role: documents(K8S / file)[0] for role, file in ROLES.items()}
TEMPLATES = [one["spec"]["template"] for one in (*DEPLOYMENTS.values(), *JOBS.values())]


def of_kind(kind: str, among: list[Document] = APPLIED) -> dict[str, Document]:
    return {one["metadata"]["name"]: one for one in among if one["kind"] == kind}


def container(workload: Document) -> Document:
    (only,) = workload["spec"]["template"]["spec"]["containers"]
    return only


def environment(role: str) -> dict[str, str]:
    """The variables of a deployment that say their value."""
    return {one["name"]: one["value"] for one in container(DEPLOYMENTS[role])["env"] if "value" in one}


def read(role: str, folder: Path) -> config.Config:
    """The configuration that a pod of this role has, once there are secrets."""
    values = {
        "DATABASE_URL": "postgresql://u:p@db/gatherup",
        "REDIS_URL": "redis://redis:6379/0",
        "GATHERUP_AUTH_TOKEN_KEY": "a1" * 32,
        "GATHERUP_RUNTIME_RECEIPT_KEY": "b2" * 32,
        "GATHERUP_CLUSTER_SECRET": "c3" * 32,
    }
    given = environment(role)
    for name, path in given.items():
        if name.endswith(FILE_SUFFIX):
            mount = next(m for m in container(DEPLOYMENTS[role])["volumeMounts"] if m["name"] == "secrets")
            assert path == f"{mount['mountPath']}/{name.removesuffix(FILE_SUFFIX)}"
            file = folder / name
            file.write_text(values.pop(name.removesuffix(FILE_SUFFIX)))
            given[name] = str(file)
    assert not values, "every secret of a cluster comes as a file"
    made = {name: value for name, value in image_environment().items() if name.startswith(PREFIX)}
    return config.read({**made, "GATHERUP_NODE_NAME": pod_name(role), **given})


def pod_name(role: str) -> str:
    """As Kubernetes makes one: with the hash of the template and five characters."""
    return f"{DEPLOYMENTS[role]['metadata']['name']}-5d8f6c7b9d-x7k2p"


# --- settings --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_the_settings_make_a_configuration(role: str, tmp_path: Path) -> None:
    made = read(role, tmp_path)
    assert made.http.host == made.stream.host == made.internal.host == "0.0.0.0"
    inside = {port["name"]: port["containerPort"] for port in container(DEPLOYMENTS[role])["ports"]}
    assert inside["internal"] == made.internal.port
    assert inside.get("http", made.http.port) == made.http.port
    assert inside.get("stream", made.stream.port) == made.stream.port
    assert {"http", "stream"} & inside.keys() == {"api": {"http"}, "stream": {"stream"}, "worker": set()}[
        role
    ]


def test_nodes_of_all_roles_agree_in_all_but_the_role(tmp_path: Path) -> None:
    assert ROLES.keys() == {*tree.ROLES}
    for role in ROLES:
        assert read(role, tmp_path).node.roles == (role,)
        assert {**environment(role), "GATHERUP_ROLES": ""} == {**environment("api"), "GATHERUP_ROLES": ""}


@pytest.mark.parametrize("role", ROLES)
def test_a_node_is_called_like_its_pod(role: str) -> None:
    (named,) = [one for one in container(DEPLOYMENTS[role])["env"] if one["name"] == "GATHERUP_NODE_NAME"]
    assert named["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.name"
    assert len(pod_name(role)) <= config.NODE_NAME_CHARS_MAX


@pytest.mark.parametrize("role", ROLES)
def test_every_setting_stands_in_the_template_so_that_a_change_rolls_the_pods(role: str) -> None:
    """A map of settings beside it could change without Kubernetes replacing a pod."""
    assert "envFrom" not in container(DEPLOYMENTS[role])
    sources = [one["valueFrom"] for one in container(DEPLOYMENTS[role])["env"] if "valueFrom" in one]
    assert all(source.keys() == {"fieldRef"} for source in sources)
    assert "ConfigMap" not in {one["kind"] for _, one in EVERY}


def test_a_changed_secret_rolls_the_pods_by_the_command_of_the_guide() -> None:
    restarted = re.search(r"kubectl rollout restart ([^`\n]+)", GUIDE)
    assert restarted is not None
    assert restarted[1].split() == [f"deployment/{one['metadata']['name']}" for one in DEPLOYMENTS.values()]


def test_no_manifest_makes_a_key() -> None:
    assert "Secret" not in {one["kind"] for _, one in EVERY}
    assert not any(re.search(r"[0-9a-f]{32}|secretGenerator", path.read_text()) for path, _ in EVERY)
    mounted = {v["secret"]["secretName"] for t in TEMPLATES for v in t["spec"]["volumes"] if "secret" in v}
    assert mounted == {"gatherup"}


def test_the_guide_makes_every_secret_that_is_read() -> None:
    made = set(re.findall(r"--from-(?:literal|file)=\"?([A-Z_]+)", GUIDE))
    assert made == {n.removesuffix(FILE_SUFFIX) for n in environment("api") if n.endswith(FILE_SUFFIX)}


# --- pods ------------------------------------------------------------------------------------------------


def test_selectors_equal_labels() -> None:
    for role, one in DEPLOYMENTS.items():
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"] == labels == one["metadata"]["labels"]
        assert labels == {"app.kubernetes.io/name": "gatherup", "app.kubernetes.io/component": role}
        (spread,) = one["spec"]["template"]["spec"]["topologySpreadConstraints"]
        assert spread["labelSelector"]["matchLabels"] == labels
        assert of_kind("PodDisruptionBudget")[f"gatherup-{role}"]["spec"]["selector"]["matchLabels"] == labels
    for job in JOBS.values():
        assert job["metadata"]["labels"] == job["spec"]["template"]["metadata"]["labels"]
        assert job["metadata"]["labels"] not in [one["metadata"]["labels"] for one in DEPLOYMENTS.values()]


def quantity(text: str) -> float:
    number = re.fullmatch(r"(\d+)(\D*)", text)
    assert number is not None
    return int(number[1]) * _MULTIPLES[number[2]]


@pytest.mark.parametrize("workload", [*DEPLOYMENTS.values(), *JOBS.values()])
def test_requests_stay_within_limits(workload: Document) -> None:
    asked, allowed = (container(workload)["resources"][name] for name in ("requests", "limits"))
    assert asked.keys() == allowed.keys() == {"cpu", "memory"}
    for name, text in asked.items():
        assert 0 < quantity(text) <= quantity(allowed[name])


@pytest.mark.parametrize("role", ROLES)
def test_a_stopping_pod_has_the_time_it_needs(role: str, tmp_path: Path) -> None:
    given = environment(role)
    named = [
        "GATHERUP_NODE_LAME_DUCK_S",
        "GATHERUP_RUNTIME_DRAIN_TIMEOUT_S",
        "GATHERUP_STREAM_GOODBYE_SPREAD_S",
        "GATHERUP_HTTP_SHUTDOWN_TIMEOUT_S",
    ]
    assert given.keys() >= set(named), "what it depends on is in the same file"
    made = read(role, tmp_path)
    pod = DEPLOYMENTS[role]["spec"]["template"]["spec"]
    lame_duck_s, drain_s, spread_s = (float(given[name]) for name in named[:3])
    assert pod["terminationGracePeriodSeconds"] >= lame_duck_s + drain_s + spread_s + GRACE_S
    longest_s = lame_duck_s + 2 * drain_s + spread_s + limits.CLOSE_TIMEOUT_S + made.http.shutdown_timeout_s
    assert pod["terminationGracePeriodSeconds"] >= longest_s + GRACE_S
    ready = container(DEPLOYMENTS[role])["readinessProbe"]
    assert ready["periodSeconds"] * ready["failureThreshold"] + ready["timeoutSeconds"] < lame_duck_s


@pytest.mark.parametrize("role", ROLES)
def test_probes_ask_what_there_is_and_no_start_is_killed(role: str) -> None:
    paths = {
        getattr(view, ENDPOINT).path for view in vars(HealthResource).values() if hasattr(view, ENDPOINT)
    }
    pod = container(DEPLOYMENTS[role])
    for name in ("livenessProbe", "readinessProbe"):
        assert pod[name]["httpGet"]["port"] == "internal"
        assert pod[name]["httpGet"]["path"] in paths
    program, command = pod["startupProbe"]["exec"]["command"]
    assert (program, command in main.list_commands(None)) == ("gatherup", True)  # pyright: ignore[reportArgumentType]
    start = pod["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] >= 120
    alive = pod["livenessProbe"]
    lease = next(leaf for leaf in config.leaves() if leaf.variable == "GATHERUP_CLUSTER_LEASE_S").default
    assert isinstance(lease, float)
    assert alive["periodSeconds"] * (alive["failureThreshold"] - 1) > lease


@pytest.mark.parametrize("template", TEMPLATES)
def test_pods_may_do_nothing_but_run(template: Document) -> None:
    spec = template["spec"]
    user = f"{spec['securityContext']['runAsUser']}:{spec['securityContext']['runAsGroup']}"
    assert user == instructions("USER")[-1]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert spec["automountServiceAccountToken"] is False
    (only,) = spec["containers"]
    assert only["securityContext"]["readOnlyRootFilesystem"]
    assert only["securityContext"]["allowPrivilegeEscalation"] is False
    assert only["securityContext"]["capabilities"]["drop"] == ["ALL"]
    secrets = next(v["secret"] for v in spec["volumes"] if v["name"] == "secrets")
    assert secrets["defaultMode"] == 0o440  # its group is the pod's fsGroup


@pytest.mark.parametrize("template", TEMPLATES)
def test_no_service_s_variables_are_taken_for_settings(template: Document) -> None:
    """GATHERUP_API_PORT=tcp://... is no setting, and a node refuses to start on it."""
    assert template["spec"]["enableServiceLinks"] is False


def test_one_image_runs_everything_and_is_named_by_its_version() -> None:
    images = {only["image"] for template in TEMPLATES for only in template["spec"]["containers"]}
    (image,) = images
    assert re.fullmatch(r"gatherup:\d+\.\d+\.\d+", image)
    for workload in (*DEPLOYMENTS.values(), *JOBS.values()):
        name, *arguments = container(workload)["args"]
        main.commands[name].make_context(name, arguments)


# --- rollouts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
def test_a_rollout_adds_a_pod_before_it_takes_one(role: str) -> None:
    strategy = DEPLOYMENTS[role]["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_migrations_may_run_twice_and_come_before_and_after_the_pods() -> None:
    for phase, job in JOBS.items():
        assert container(job)["args"] == ["migrate", phase]
        assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"
        (secrets,) = [v["secret"] for v in job["spec"]["template"]["spec"]["volumes"] if "secret" in v]
        assert [item["key"] for item in secrets["items"]] == ["DATABASE_URL"]
        assert [e["name"] for e in container(job)["env"]] == ["DATABASE_URL_FILE"]
    order = [GUIDE.index(f"kubectl {command}\n") for command in ROLLOUT]
    assert order == sorted(order)


ROLLOUT = [
    "replace --force -f ops/k8s/migrations/pre.yaml",  # a finished Job can't be applied again
    "wait --for=condition=complete --timeout=10m job/gatherup-migrate-pre",
    "apply -f ops/k8s",
    "rollout status deployment/gatherup-api",
    "rollout status deployment/gatherup-stream",
    "rollout status deployment/gatherup-worker",
    "replace --force -f ops/k8s/migrations/post.yaml",
]


def scaled() -> dict[str, Document]:
    return {one["spec"]["scaleTargetRef"]["name"]: one for one in of_kind("HorizontalPodAutoscaler").values()}


def test_evictions_take_one_pod_at_a_time_and_a_single_pod_has_no_budget() -> None:
    """A budget of a single pod would promise what it can't keep."""
    several = {name for name, one in scaled().items() if one["spec"]["minReplicas"] > 1}
    budgets = of_kind("PodDisruptionBudget")
    assert budgets.keys() == several
    assert all(one["spec"]["maxUnavailable"] == 1 for one in budgets.values())


@pytest.mark.parametrize("among", [APPLIED, OPTIONAL], ids=["default", "optional"])
def test_scaling_down_waits_for_each_pod_to_end(among: list[Document]) -> None:
    graces = {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
        for one in DEPLOYMENTS.values()
    }
    autoscalers = of_kind("HorizontalPodAutoscaler", among)
    assert autoscalers
    for name, one in autoscalers.items():
        assert one["spec"]["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        (policy,) = one["spec"]["behavior"]["scaleDown"]["policies"]
        assert (policy["type"], policy["value"]) == ("Pods", 1)
        assert policy["periodSeconds"] >= graces[name]
        assert 1 < one["spec"]["minReplicas"] < one["spec"]["maxReplicas"]


def test_the_autoscalers_alone_say_how_many_pods_there_are() -> None:
    assert scaled().keys() == {one["metadata"]["name"] for one in DEPLOYMENTS.values()}
    assert all("replicas" not in one["spec"] for one in DEPLOYMENTS.values())


# --- the network -----------------------------------------------------------------------------------------


def test_services_lead_to_pods_that_have_the_port() -> None:
    for service in of_kind("Service").values():
        labels = service["spec"]["selector"].items()
        matched = [
            one
            for one in DEPLOYMENTS.values()
            if labels <= one["spec"]["template"]["metadata"]["labels"].items()
        ]
        (port,) = service["spec"]["ports"]
        assert matched
        for one in matched:
            assert port["targetPort"] in {p["name"] for p in container(one)["ports"]}
    assert of_kind("Service")["gatherup-internal"]["spec"]["publishNotReadyAddresses"]


def test_the_ingress_sends_streams_to_the_stream_port_and_never_ends_one_that_lives() -> None:
    services = of_kind("Service")
    sent: dict[str, str] = {}
    for ingress in of_kind("Ingress").values():
        (rule,) = ingress["spec"]["rules"]
        for path in rule["http"]["paths"]:
            backend = path["backend"]["service"]
            (port,) = services[backend["name"]]["spec"]["ports"]
            assert backend["port"]["name"] == port["name"]
            sent[path["path"]] = port["name"]
            assert path["pathType"] == ("Prefix" if path["path"] == "/" else "Exact")
        assert rule["host"] in ingress["spec"]["tls"][0]["hosts"]
    assert sent == {"/": "http", **dict.fromkeys(STREAM_PATHS, "stream")}
    told = of_kind("Ingress")["gatherup-stream"]["metadata"]["annotations"]
    for name in ("proxy-read-timeout", "proxy-send-timeout"):
        assert int(told[f"nginx.ingress.kubernetes.io/{name}"]) > 3 * limits.HEARTBEAT_S
    assert told["nginx.ingress.kubernetes.io/proxy-buffering"] == "off"


def test_health_and_metrics_are_published_to_nobody() -> None:
    named = {
        path["backend"]["service"]["name"]
        for one in of_kind("Ingress").values()
        for path in one["spec"]["rules"][0]["http"]["paths"]
    }
    assert "gatherup-internal" not in named


def test_what_is_asked_for_is_off_until_then() -> None:
    kinds = {one["kind"] for one in OPTIONAL}
    assert kinds == {"HorizontalPodAutoscaler", "NetworkPolicy", "ServiceMonitor"}
    assert not {"NetworkPolicy", "ServiceMonitor"} & {one["kind"] for one in APPLIED}
    assert all(m["type"] == "Resource" for one in scaled().values() for m in one["spec"]["metrics"])
    for path in sorted((K8S / "optional").iterdir()):
        assert f"kubectl apply -f {path.relative_to(ROOT)}\n" in GUIDE, "the guide says how to ask"


def test_the_custom_metrics_are_of_the_guide_and_replace_autoscalers() -> None:
    replacing = of_kind("HorizontalPodAutoscaler", OPTIONAL)
    assert replacing.keys() < of_kind("HorizontalPodAutoscaler").keys()
    for one in replacing.values():
        names = [m["pods"]["metric"]["name"] for m in one["spec"]["metrics"] if m["type"] == "Pods"]
        assert names
        assert all(f"`{name}`" in GUIDE for name in names)


def test_the_network_policy_lets_prometheus_and_dns_through() -> None:
    (policy,) = of_kind("NetworkPolicy", OPTIONAL).values()
    assert policy["spec"]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "gatherup"}
    entries = [
        (peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"], port["port"])
        for rule in policy["spec"]["ingress"]
        for peer in rule["from"]
        for port in rule["ports"]
    ]
    assert ("monitoring", "internal") in entries
    assert {port for name, port in entries if name == "ingress-nginx"} == {"http", "stream"}
    out = [(port["protocol"], port["port"]) for rule in policy["spec"]["egress"] for port in rule["ports"]]
    assert {("UDP", 53), ("TCP", 53), ("TCP", 5432), ("TCP", 6379)} <= {*out}


def test_prometheus_asks_every_pod() -> None:
    (monitor,) = of_kind("ServiceMonitor", OPTIONAL).values()
    service = of_kind("Service")["gatherup-internal"]
    assert monitor["spec"]["selector"]["matchLabels"] == service["metadata"]["labels"]
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint["port"] == service["spec"]["ports"][0]["name"]
    assert endpoint["path"] == "/metrics"
