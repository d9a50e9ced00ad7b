#!/usr/bin/env bash
# Builds the image without a container engine, on a base of Debian's own packages, and runs it once.
# It needs root, and Debian's buildah and debootstrap; elsewhere it says that it is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

LAYERS_MAX_MB=120
SUITE=bookworm # its Python is 3.11
for program in buildah debootstrap; do
  if [ "$(id -u)" != 0 ] || ! command -v "$program" > /dev/null; then
    echo "The image isn't built: that needs root, and Debian's $program."
    exit 0
  fi
done

export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
scratch=$(mktemp -d)
container=
finish() {
  [ -z "$container" ] || buildah rm "$container" > /dev/null
  rm -rf "$scratch"
}
trap finish EXIT

base=.cache/image/$SUITE.tar
if [ ! -e "$base" ]; then
  mkdir -p .cache/image
  debootstrap --variant=minbase --include=ca-certificates,python-is-python3,python3,python3-venv \
    "$SUITE" "$scratch/root" > "$scratch/log" || { tail "$scratch/log"; exit 1; }
  tar --create --file "$base.new" --directory "$scratch/root" .
  mv "$base.new" "$base"
fi
container=$(buildah from scratch)
buildah add --quiet "$container" "$base" / > /dev/null
buildah commit --quiet "$container" localhost/gatherup-base > /dev/null
buildah rm "$container" > /dev/null
container=

# Where pip finds packages, and whom it trusts, is the machine's own affair.
mounts=()
for file in /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
  [ ! -e "$file" ] || mounts+=(--volume "$file:$file:ro")
done
buildah build --quiet --network host "${mounts[@]}" --build-arg BASE=localhost/gatherup-base \
  --file ops/Dockerfile --ignorefile ops/Dockerfile.dockerignore --tag localhost/gatherup . > /dev/null
container=$(buildah from --pull-never localhost/gatherup)
buildah run "$container" -- gatherup --version
if [ -n "$(buildah run "$container" -- find /opt /usr -type f '(' -name postgres -o -name valkey-server ')')" ]; then
  echo 'The image holds a server.' >&2
  exit 1
fi

# As a registry stores them: every layer but the first, which is the base's.
buildah push --quiet localhost/gatherup "oci:$scratch/oci:gatherup"
python3 - "$scratch/oci" "$LAYERS_MAX_MB" << 'PYTHON'
import json, pathlib, sys

folder, most_mb = pathlib.Path(sys.argv[1]), int(sys.argv[2])
def blob(digest):
    return json.loads((folder / "blobs" / digest.replace(":", "/")).read_text())
(image,) = json.loads((folder / "index.json").read_text())["manifests"]
own_mb = sum(layer["size"] for layer in blob(image["digest"])["layers"][1:]) / 1e6
print(f"Its own layers have {own_mb:.1f} MB, of {most_mb} at the most.")
sys.exit(own_mb > most_mb)
PYTHON
