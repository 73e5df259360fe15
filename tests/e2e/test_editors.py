"""What editors get: the grammars of tree-sitter and TextMate, the VS Code extension, and what `docs/editors/` says to set up."""

import json
import os
import plistlib
import re
import shutil
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
from support.paths import EXAMPLES, ROOT, tool
from support.pipec import binary, pipec

EDITORS = ROOT / "grammar" / "editors"
TREE_SITTER = EDITORS / "tree-sitter"
# What the grammar knows only to say what to write instead.
FOREIGN = {"elif", "elsif", "elseif"}


def run(*command, cwd=ROOT, env=None, timeout=600) -> str:
    """What a command prints; its whole output where it fails."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, env={**os.environ, **(env or {})}, timeout=timeout,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def example(name: str, *arguments) -> str:
    """What an example of the tree-sitter crate prints."""
    return run("cargo", "run", "--quiet", "--package", "tree-sitter-pipe", "--example", name, "--", *arguments)


def pipe_files() -> list[Path]:
    listed = run("git", "ls-files", "-z", "--", "*.pipe").split("\0")
    return [ROOT / name for name in listed if name]


def words() -> dict[str, list[str]]:
    """The words of the language, where the compiler has them."""
    pest = "".join(path.read_text() for path in sorted((ROOT / "grammar").glob("*.pest")))
    rules = re.sub(r"//.*", "", pest)
    # Behind a number some words are no units; they are keywords elsewhere.
    keywords = set(re.findall(r'"([a-z]{2,})"', rules)) - FOREIGN
    heads = (ROOT / "src/syntax/heads.rs").read_text()
    items = {word for name in ("ITEM_WORDS", "RARE_WORDS")
             for word in re.findall(r'"(\w+)"', re.search(rf"const {name}: .*?\[(.*?)\];", heads, re.DOTALL)[1])}
    quantity = (ROOT / "src/check/settings/quantity.rs").read_text()
    units = re.findall(r'"(\w+)"', "".join(re.findall(r"\(&\[(.*?)\], Dimension", quantity)))
    assert len(keywords) > 60 and len(items) == 24 and len(units) > 15
    return {"keywords": sorted(keywords), "items": sorted(items), "units": units}


@pytest.fixture(scope="module")
def extension(tmp_path_factory) -> Path:
    """A copy of the extension, with the packages that it is built with."""
    folder = tmp_path_factory.mktemp("editors") / "vscode"
    shutil.copytree(EDITORS / "vscode", folder, ignore=shutil.ignore_patterns("node_modules", "dist", "*.vsix"))
    (folder / "node_modules").symlink_to(tool("vscode", "node_modules"))
    return folder


def test_the_parser_is_what_its_grammar_gives(tmp_path):
    example("generate", tmp_path)
    for made in sorted(path for path in tmp_path.rglob("*") if path.is_file()):
        kept = TREE_SITTER / "src" / made.relative_to(tmp_path)
        assert kept.read_bytes() == made.read_bytes(), f"{kept} is stale: `make grammars` writes it"


def test_the_tree_sitter_grammar_has_every_word():
    grammar = (TREE_SITTER / "src/grammar.json").read_text()
    known = set(re.findall(r'"value": "(\w+)"', grammar))
    every = words()
    assert sorted(set(every["keywords"] + every["items"]) - known) == []


def test_colours(tmp_path):
    captures = tmp_path / "captures.jsonl"
    captures.write_text(example("captures", *pipe_files()))
    (tmp_path / "words.json").write_text(json.dumps(words()))
    env = {"PIPE_CAPTURES": str(captures), "PIPE_WORDS": str(tmp_path / "words.json"), "NODE_PATH": tool("vscode", "node_modules")}
    told = run("node", "--test", EDITORS / "vscode/test/colours.test.mjs", env=env)
    assert re.search(r"^# fail 0$", told, re.MULTILINE) and re.search(r"^# pass [7-9]", told, re.MULTILINE), told


def test_sublime_has_the_grammar_of_vs_code():
    grammar = json.loads((EDITORS / "vscode/syntaxes/pipe.tmLanguage.json").read_text())
    kept = EDITORS / "sublime/Pipe.tmLanguage"
    wanted = plistlib.dumps(grammar, sort_keys=False)
    if os.environ.get("UPDATE_EDITORS"):
        kept.write_bytes(wanted)
    assert kept.read_bytes() == wanted, "UPDATE_EDITORS=1 writes it"


def test_snippets_are_well_formed(tmp_path):
    """Each with the values that it proposes: an item alone, a step in a transform, an expression in a `derive`."""
    snippets = json.loads((EDITORS / "vscode/snippets/pipe.json").read_text())
    files = []
    for name, snippet in snippets.items():
        text = "\n".join(snippet["body"])
        text = re.sub(r"\$\{\d+\|([^,|]+)[^|]*\|\}", r"\1", text)
        text = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", text).replace("$0", "")
        assert "$" not in text, name
        if snippet["description"].startswith("Step"):
            text = "transform a : b {\n" + "".join(f"  {line}\n" for line in text.splitlines()) + "}\n"
        elif snippet["description"].startswith("Expression"):
            text = "fn a(b: int) -> int =\n" + "".join(f"  {line}\n" for line in text.splitlines())
        files.append(tmp_path / f"{name.replace(' ', '_')}.pipe")
        files[-1].write_text(text + "\n")
    assert '"capture":"error"' not in example("captures", *files)
    for file in files:
        said = pipec("check", file, "--format", "json").out
        # Its names are nobody's; its syntax and its settings are right.
        codes = {json.loads(line)["code"] for line in said.splitlines() if line.startswith("{")}
        assert not {code for code in codes if code < "P0200" or code in {"P0501", "P0502", "P0503"}}, (file.name, said)


def test_the_extension_is_typed_linted_and_tested(extension):
    run("npx", "tsc", "--noEmit", cwd=extension)
    run("npx", "eslint", "--max-warnings", "0", "src", "test", cwd=extension)
    example_file = EXAMPLES / "clickstream" / "clickstream.pipe"
    told = run("npm", "run", "--silent", "test", cwd=extension, env={"PIPEC": str(binary()), "PIPE_EXAMPLE": str(example_file)})
    assert re.search(r"^# fail 0$", told, re.MULTILINE) and re.search(r"^# pass 1\d", told, re.MULTILINE), told


def test_the_extension_is_packaged(extension):
    run("npx", "vsce", "package", "--no-dependencies", "--skip-license", "--allow-missing-repository", "--out", "pipe.vsix",
        cwd=extension)
    with zipfile.ZipFile(extension / "pipe.vsix") as package:
        names = sorted(name.removeprefix("extension/") for name in package.namelist() if name.startswith("extension/"))
        assert names == ["dist/extension.js", "language-configuration.json", "package.json", "readme.md",
                         "snippets/pipe.json", "syntaxes/markdown.tmLanguage.json", "syntaxes/pipe.tmLanguage.json"]
        manifest = json.loads(package.read("extension/package.json"))
        code = package.read("extension/dist/extension.js").decode()
    # What the package starts needs nothing that is not in it, but the editor and Node.js.
    needed = set(re.findall(r'require\("([^"]+)"\)', code))
    assert "vscode" in needed and all(name == "vscode" or name.removeprefix("node:") in NODE for name in needed), needed
    assert manifest["main"] == "./dist/extension.js"
    for grammar in manifest["contributes"]["grammars"]:
        assert grammar["path"].removeprefix("./") in names


NODE = {"assert", "child_process", "crypto", "fs", "net", "os", "path", "url", "util", "events", "stream"}


@pytest.fixture(scope="module")
def neovim(tmp_path_factory) -> Path:
    """A folder of Neovim's, with the parser and its queries in it as `docs/editors/neovim.md` says."""
    folder = tmp_path_factory.mktemp("neovim") / "nvim"
    (folder / "parser").mkdir(parents=True)
    run("cc", "-O0", "-shared", "-fPIC", "-I", "src", "-o", folder / "parser/pipe.so", "src/parser.c", "src/scanner.c",
        cwd=TREE_SITTER)
    shutil.copytree(TREE_SITTER / "queries", folder / "queries/pipe")
    return folder


def test_neovim_reads_and_colours(neovim, tmp_path):
    script = tmp_path / "colours.lua"
    script.write_text("""
vim.opt.runtimepath:prepend(vim.env.PIPE_RUNTIME)
local out = {}
local parser = vim.treesitter.get_parser(0, 'pipe')
local root = parser:parse()[1]:root()
out.error = root:has_error()
for _, name in ipairs({ 'highlights', 'folds', 'indents', 'injections', 'locals', 'tags' }) do
  local query = vim.treesitter.get_query('pipe', name)
  local count = 0
  for _ in query:iter_captures(root, 0, 0, -1) do count = count + 1 end
  out[name] = count
end
vim.treesitter.highlighter.new(parser, {})
io.stdout:write(vim.json and vim.json.encode(out) or vim.fn.json_encode(out))
vim.cmd('qall!')
""")
    file = EXAMPLES / "kitchen" / "books.pipe"
    told = run("nvim", "--headless", "-u", "NONE", "-i", "NONE", "-n", file, "-c", f"luafile {script}",
               env={"PIPE_RUNTIME": str(neovim), "XDG_CACHE_HOME": str(tmp_path)}, timeout=60)
    counts = json.loads(told)
    assert counts.pop("error") is False
    assert all(count > 10 for count in counts.values()), counts


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page of `docs/editors/` that are in a language, with this checkout and this compiler in them."""
    text = (ROOT / "docs/editors" / page).read_text()
    found = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block.replace("PIPEC", str(ROOT)) for block in found]


@pytest.fixture
def project(tmp_path) -> Path:
    """A copy of a platform, and an empty home for the editor that opens it."""
    (tmp_path / "home").mkdir()
    shutil.copytree(EXAMPLES / "clickstream", tmp_path / "clickstream", ignore=shutil.ignore_patterns("build", "run"))
    return tmp_path / "clickstream"


def settled(project: Path, told: dict) -> None:
    """What every editor's drive ends with: nothing went wrong, the rename is in the file, and the project is still right."""
    assert "failure" not in told, told
    assert [name for name, value in told.items() if value is False] == []
    text = (project / "clickstream.pipe").read_text()
    assert "schema Visit {" in text and "stream of Visit {" in text and "budget = 600" in text
    pipec("check", project).ok()


def test_neovim_is_at_home(neovim, project):
    setup = next(block for block in blocks("neovim.md", "lua") if "vim.g.pipec" in block)
    home = project.parent / "home"
    init = home / "init.lua"
    init.write_text(setup.replace("cmd = { 'pipec', 'lsp' }", f"cmd = {{ '{binary()}', 'lsp' }}")
                    + f"vim.opt.runtimepath:prepend('{neovim}')\n")
    told = json.loads(run("nvim", "--headless", "-u", init, "-i", "NONE", "-n", project / "clickstream.pipe",
                          "-c", f"luafile {ROOT / 'tests/e2e/editors/neovim.lua'}",
                          env={"HOME": str(home), "XDG_CACHE_HOME": str(home)}, timeout=120))
    settled(project, told)
    assert told["coloured"] and told["filetype"] == "pipe" and told["commentstring"] == "// %s"
    assert [(one["line"], one["code"]) for one in told["said"]] == [(45, "P0302")]
    assert "kind" in told["completion"]
    assert "decimal(12, 2)" in json.dumps(told["hover"])


def test_emacs_is_at_home(project):
    setup = blocks("emacs.md", "elisp")[0]
    home = project.parent / "home"
    init = home / "init.el"
    init.write_text(f"{setup}\n(setq pipe-server '(\"{binary()}\" \"lsp\"))\n")
    told = json.loads(run("emacs", "--batch", "--no-site-file", "--eval", "(package-initialize)", "-l", init,
                          "-l", ROOT / "tests/e2e/editors/emacs.el",
                          env={"HOME": str(home), "PIPE_FILE": str(project / "clickstream.pipe")}, timeout=120))
    settled(project, told)
    assert told["mode"] == "pipe-mode"
    assert "P0302" in told["said"]
    assert told["definition"] == 14


def test_the_mode_for_emacs_compiles_without_a_warning(tmp_path):
    mode = shutil.copy(EDITORS / "emacs/pipe-mode.el", tmp_path)
    run("emacs", "--batch", "--no-site-file", "--eval", "(setq byte-compile-error-on-warn t)", "-f", "batch-byte-compile", mode,
        env={"HOME": str(tmp_path)})


def test_what_the_other_pages_say_is_well_formed():
    (helix,) = (tomllib.loads(block) for block in blocks("helix.md", "toml"))
    (language,) = helix["language"]
    assert language["language-servers"] == ["pipec"] and helix["language-server"]["pipec"]["args"] == ["lsp"]
    (grammar,) = helix["grammar"]
    assert Path(grammar["source"]["path"], "src/parser.c").exists()
    (zed,) = (tomllib.loads(block) for block in blocks("zed.md", "toml"))
    kept = tomllib.loads((EDITORS / "zed/extension.toml").read_text())
    assert zed["grammars"]["pipe"].keys() == kept["grammars"]["pipe"].keys()
    assert Path(ROOT, zed["grammars"]["pipe"]["path"], "src/parser.c").exists()
    for page in ("sublime.md", "zed.md", "vscode.md"):
        assert [json.loads(block) for block in blocks(page, "json")], page
    plistlib.loads((EDITORS / "sublime/Comments.tmPreferences").read_bytes())
    # Each setting that a page names is one that the server reads.
    known = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/editors/README.md").read_text(), re.MULTILINE))
    read = re.search(r"struct Settings \{(.*?)\n\}", (ROOT / "lsp/settings.rs").read_text(), re.DOTALL)[1]
    names = re.findall(r"pub\(super\) (\w+):", read)
    assert {re.sub(r"_(\w)", lambda found: found[1].upper(), name) for name in names} == known
