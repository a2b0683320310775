#!/usr/bin/python3
"""Takes each rule of tests/rules out of a copy of the tree, builds it, and
demands that the test which stands for the rule fails; it must pass before.

  rules.py [TEXT]    only rules whose name contains TEXT
  rules.py --match   only whether all rules still match their files

The copy is in a temporary directory; nothing else is touched. Ends with
"N rules hold, N do not". 0: all hold. 1: a test passes without its rule, fails
with it, or a rule no longer matches its file.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TIMEOUT = 300


class Rule:
    def __init__(self, name):
        self.name, self.file, self.test = name, None, None
        self.old, self.new = [], []

    def change(self, text):
        """The file without the rule."""
        old, new = "".join(self.old), "".join(self.new)
        if text.count(old) != 1 or not old:
            sys.exit("rules: \"%s\": its lines stand %d times in %s" %
                     (self.name, text.count(old) if old else 0, self.file))
        return text.replace(old, new)


def read_rules(path):
    rules, into = [], None
    for number, line in enumerate(open(path), 1):
        mark = line.rstrip("\n")
        if mark in ("<<<", "===", ">>>"):
            into = {"<<<": rules[-1].old, "===": rules[-1].new,
                    ">>>": None}[mark]
        elif into is not None:
            into.append(line)
        elif mark and not mark.startswith("#"):
            key, _, value = mark.partition(" ")
            if key == "rule":
                rules.append(Rule(value))
            elif key == "file":
                rules[-1].file = value
            elif key == "test":
                rules[-1].test = tuple(value.split(" ", 1))
            else:
                sys.exit("%s:%d: %s" % (path, number, mark))
    return rules


def copy_tree(to):
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    for name in names.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def build(tree):
    done = subprocess.run(
        ["make", "-s", "-j2", "B=%s" % (tree / "build"), "all",
         str(tree / "build/tests/mongosim"),
         str(tree / "build/tests/tools/simulate")], cwd=tree,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit("rules: does not build:\n" + done.stdout.decode())


def passes(tree, test, patience):
    """Whether the test passes, and what it says. It must be there, and end by
    itself."""
    env = dict(os.environ, B=str(tree / "build"), BATS_TEST_TIMEOUT="240",
               MM_PATIENCE=str(patience))
    try:
        done = subprocess.run(
            ["bats", "--tap", "-f", test[1], test[0]], cwd=tree, env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        sys.exit("rules: %s: \"%s\" does not end" % test)
    out = done.stdout.decode(errors="replace")
    results = [line for line in out.splitlines()
               if line.startswith(("ok ", "not ok "))]
    if len(results) != 1 or "# skip" in results[0]:
        sys.exit("rules: %s: one test \"%s\" expected:\n%s" % (*test, out))
    return results[0].startswith("ok "), out


def check(tree, rule):
    """Whether the test notices that the rule is gone."""
    path = tree / rule.file
    text = path.read_text()
    path.write_text(rule.change(text))
    build(tree)
    noticed = not passes(tree, rule.test, 1)[0]  # fails: not waited for
    path.write_text(text)  # built with the next one
    print("%s - %s%s" % ("ok" if noticed else "not ok", rule.name,
                         "" if noticed else ": nothing notices its absence"))
    return noticed


def main():
    sys.stdout.reconfigure(line_buffering=True)
    text = "".join(sys.argv[1:2])
    match = text == "--match"
    rules = [r for r in read_rules(ROOT / "tests/rules")
             if match or text in r.name]
    for rule in rules:
        rule.change((ROOT / rule.file).read_text())
        if not re.search(r'^@test ["\'].*%s' % rule.test[1],
                         (ROOT / rule.test[0]).read_text(), re.M):
            sys.exit("rules: %s has no test \"%s\"" % rule.test)
    if match:
        return
    with tempfile.TemporaryDirectory(prefix="mm-rules-") as name:
        tree = pathlib.Path(name)
        copy_tree(tree)
        build(tree)
        for test in sorted({rule.test for rule in rules}):
            good, out = passes(tree, test, 5)
            if not good:
                sys.exit("rules: %s: \"%s\" fails with all rules in place:\n%s"
                         % (*test, out))
        held = sum([check(tree, rule) for rule in rules])
    print("%d rules hold, %d do not" % (held, len(rules) - held))
    sys.exit(0 if rules and held == len(rules) else 1)


if __name__ == "__main__":
    main()
