#!/usr/bin/env python3
"""Manual pages from what the programs say of themselves and the prose in docs/man.

    tools/gen-man.py PROSE OUT VERSION PROGRAM...

Each PROGRAM is asked for its tables (`PROGRAM __describe`, src/base/program.h). Pages:

  kist(1), kist-VERB(1), kist-GROUP(1)   of `kist`
  NAME(8)                                of any other program: commands and options in one page
  NAME.5.md                              prose alone

PROSE/<page>.md holds what a table cannot say: its first paragraphs are the description, each "## Section"
is a section. Its notation is Markdown's: paragraphs, "- " lists (an item that begins with `code`: is
a definition), fences, `code`, *emphasis*, "### Subsection".

Fails when a page would lie or be silent: an option without help, a value without a name, prose that
names an option that no table has, a prose file that belongs to no page, and any option that is not found
in the finished page.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

SECTIONS = {"kist": 1}  # all others are of section 8
TITLES = {1: "Containers", 5: "File formats", 8: "System administration"}
FLAG = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]+)")
# Options that prose may name although they are other programs'.
FOREIGN = {"help", "delete", "now", "user"}


class Program:
    def __init__(self, path):
        self.groups, self.commands, self.members, self.options = {}, {}, {}, {}
        text = subprocess.run([path, "__describe"], stdout=subprocess.PIPE, check=True, text=True, timeout=60).stdout
        for line in text.splitlines():
            kind, *fields = line.split("\t")
            getattr(self, f"read_{kind}")(*fields)

    def read_program(self, name, summary, usage):
        self.name, self.summary, self.usage = name, summary, usage

    def read_group(self, name, summary):
        self.groups[name] = summary
        self.members[name] = []

    def read_member(self, group, name, path):
        self.members[group].append((name, path))

    def read_command(self, path, alias, usage, summary):
        self.commands[path] = (alias, usage, summary)

    def read_option(self, path, letter, name, kind, argument, help_text):
        where = f"{self.name} {path}".strip()
        if not help_text:
            raise SystemExit(f"gen-man: {where}: --{name} has no help text")
        if kind in ("string", "list") and not argument:
            raise SystemExit(f"gen-man: {where}: the value of --{name} has no name")
        self.options.setdefault(path, []).append((letter, name, kind, argument, help_text))

    def names(self):
        return {option[1] for options in self.options.values() for option in options}


# ---------------------------------------------------------------------------------------------- roff


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return text.replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")


def protect(line):
    """A line that begins with a dot would be a request."""
    return "\\&" + line if line[:1] in (".", "'") else line


def inline(text):
    """`code` and *emphasis*."""
    out = []
    for part in re.split(r"(`[^`]+`|\*[^*]+\*)", text):
        if len(part) > 2 and part[0] == part[-1] and part[0] in "`*":
            out.append(f"\\f{'B' if part[0] == '`' else 'I'}{escape(part[1:-1])}\\fR")
        else:
            out.append(escape(part))
    return "".join(out)


def usage(text):
    """Words in capitals stand for something."""
    return re.sub(r"[A-Z][A-Z_]+(?:-[A-Z]+)*", lambda m: f"\\fI{m.group(0)}\\fR", escape(text))


class Page:
    def __init__(self, name, section, version, summary):
        self.name, self.section = name, section
        self.lines = [f'.TH "{name.upper()}" "{section}" "" "kist {version}" "{TITLES[section]}"', ".nh", ".ad l",
                      ".SH NAME", f"{escape(name)} \\- {escape(summary[0].lower() + summary[1:] if summary[1:2].islower() else summary)}"]

    def head(self, title):
        self.lines.append(f".SH {title.upper()}")

    def text(self, roff):
        self.lines.append(protect(roff))

    def definition(self, term, roff):
        self.lines += [".TP", protect(term), protect(roff)]

    def options(self, options):
        for letter, name, kind, argument, help_text in options:
            short = f"\\fB\\-{escape(letter)}\\fR, " if letter else ""
            value = f" \\fI{escape(argument)}\\fR" if argument and kind in ("string", "list") else ""
            more = " May be given more than once." if kind == "list" else ""
            self.definition(f"{short}\\fB\\-\\-{escape(name)}\\fR{value}", inline(full_stop(help_text)) + more)

    def prose(self, text):
        """Paragraphs, lists and fences; sections are cut off already."""
        for block in blocks(text):
            getattr(self, f"prose_{block[0]}")(block[1])

    def prose_sub(self, title):
        self.lines.append(f".SS {escape(title)}")

    def prose_paragraph(self, text):
        self.lines += [".PP", protect(inline(text))]

    def prose_code(self, lines):
        self.lines += [".PP", ".RS 4", ".nf", *(protect(escape(line)) for line in lines), ".fi", ".RE"]

    def prose_item(self, text):
        defined = re.match(r"((?:`[^`]+`(?:, )?)+): (.*)", text)
        if defined:
            self.definition(inline(defined.group(1)), inline(defined.group(2)))
        else:
            self.lines += [".IP \\(bu 2", protect(inline(text))]

    def write(self, out):
        folder = out / f"man{self.section}"
        text = "\n".join(self.lines) + "\n"
        # A heading and a definition make a paragraph of their own.
        text = re.sub(r"(\n\.S[HS] [^\n]*)\n\.PP\n", r"\1\n", text)
        (folder / f"{self.name}.{self.section}").write_text(text)


def full_stop(text):
    return text if text.endswith((".", ")")) else text + "."


def blocks(text):
    """("paragraph" | "code" | "item" | "sub", content) of the notation."""
    pending = []
    code = None

    def flush():
        if pending:
            yield ("paragraph", " ".join(pending))
            pending.clear()

    for line in [*text.splitlines(), ""]:
        if line.startswith("```"):
            if code is not None:
                yield ("code", code)
                code = None
            else:
                yield from flush()
                code = []
        elif code is not None:
            code.append(line)
        elif line.startswith("### "):
            yield from flush()
            yield ("sub", line[4:])
        elif line.startswith("- "):
            yield from flush()
            yield ("item", line[2:])
        elif not line.strip():
            yield from flush()
        else:
            pending.append(line.strip())


# ---------------------------------------------------------------------------------------------- pages


class Prose:
    """docs/man: every file must be used once, and may name only options that exist."""

    def __init__(self, folder, known):
        self.files = {path.stem: path for path in sorted(folder.glob("*.md"))}
        self.unused = set(self.files)
        self.known = known

    def read(self, page):
        """[(title, text)] of a page; the description has the title ""."""
        if page not in self.files:
            return []
        self.unused.discard(page)
        text = self.files[page].read_text()
        for flag in FLAG.findall(text):
            if flag not in self.known | FOREIGN:
                raise SystemExit(f"gen-man: {self.files[page].name} names --{flag}, which no program has")
        parts = re.split(r"^## (.*)$", text, flags=re.M)
        return [("", parts[0]), *zip(parts[1::2], parts[2::2])]


def describe(page, sections, summary, extra=""):
    page.head("Description")
    text = sections[0][1].strip() if sections else ""
    page.prose(text or full_stop(summary))
    if extra:
        page.prose(extra)


def rest(page, sections, see):
    for title, text in sections[1:]:
        page.head(title)
        page.prose(text)
    page.head("See also")
    page.text(", ".join(f"\\fB{escape(name)}\\fR({section})" for name, section in see))


def file_name(path):
    return "kist-" + path.replace(" ", "-")


def kist_pages(program, prose, version):
    sections = prose.read("kist")
    page = Page("kist", 1, version, program.summary)
    page.head("Synopsis")
    page.text(f"\\fBkist\\fR {usage(program.usage)} [\\fIARG\\fR...]")
    describe(page, sections, program.summary)
    page.head("Commands")
    for path, (_, _, summary) in sorted(program.commands.items()):
        if " " not in path:
            page.definition(f"\\fB{escape(file_name(path))}\\fR(1)", escape(full_stop(summary)))
    page.prose_sub("Groups")
    for name, summary in program.groups.items():
        page.definition(f"\\fB{escape(file_name(name))}\\fR(1)", escape(full_stop(summary)))
    page.head("Options")
    page.options(program.options[""])
    rest(page, sections, [("kist-runtime", 8), ("kist-monitor", 8), ("kist-layout", 5)])
    yield page, program.options[""]
    for path, command in program.commands.items():
        yield command_page(program, prose, version, path, command)
    for name, summary in program.groups.items():
        page = Page(file_name(name), 1, version, summary)
        page.head("Synopsis")
        page.text(f"\\fBkist {escape(name)}\\fR \\fICOMMAND\\fR [\\fIARG\\fR...]")
        describe(page, prose.read(file_name(name)), summary)
        page.head("Commands")
        for member, path in program.members[name]:
            page.definition(f"\\fBkist {escape(name)} {escape(member)}\\fR",
                            f"{escape(full_stop(program.commands[path][2]))} See \\fB{escape(file_name(path))}\\fR(1).")
        rest(page, [], [("kist", 1)])
        yield page, []


def spellings(program, path, alias):
    """Every way to write a command."""
    ways = [path] + ([alias] if alias else [])
    ways += [f"{group} {name}" for group, members in program.members.items() for name, of in members if of == path]
    return list(dict.fromkeys(ways))


def command_page(program, prose, version, path, command):
    alias, arguments, summary = command
    options = program.options.get(path, [])
    page = Page(file_name(path), 1, version, summary)
    page.head("Synopsis")
    for i, way in enumerate(spellings(program, path, alias)):
        page.lines += [".br"] if i else []
        page.text(f"\\fBkist {escape(way)}\\fR {usage(arguments)}".rstrip())
    sections = prose.read(file_name(path))
    describe(page, sections, summary)
    if options:
        page.head("Options")
        page.options(options)
    rest(page, sections, [("kist", 1)])
    return page, options


def program_page(program, prose, version):
    sections = prose.read(program.name)
    every = [option for options in program.options.values() for option in options]
    page = Page(program.name, 8, version, program.summary)
    page.head("Synopsis")
    page.text(f"\\fB{escape(program.name)}\\fR {usage(program.usage)}")
    describe(page, sections, program.summary)
    if program.options.get(""):
        page.head("Options")
        page.options(program.options[""])
    if program.commands:
        page.head("Commands")
    for path, (_, arguments, summary) in program.commands.items():
        page.lines.append(f".SS {escape(path)} {usage(arguments)}".rstrip())
        page.text(escape(full_stop(summary)))
        page.options(program.options.get(path, []))
    rest(page, sections, [("kist", 1)])
    return page, every


def check(page, options, out):
    """What the reader of the page will find, as bare text."""
    text = (out / f"man{page.section}" / f"{page.name}.{page.section}").read_text().replace("\\-", "-")
    for _, name, *_ in options:
        if f"\\fB--{name}\\fR" not in text:
            raise SystemExit(f"gen-man: {page.name}({page.section}) lacks --{name}")


def main():
    if len(sys.argv) < 5:
        print(__doc__, file=sys.stderr)
        return 2
    folder, out, version = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    programs = [Program(path) for path in sys.argv[4:]]
    prose = Prose(folder, set().union(*(program.names() for program in programs)))
    for section in TITLES:
        shutil.rmtree(out / f"man{section}", ignore_errors=True)
        (out / f"man{section}").mkdir(parents=True)
    pages = []
    for program in programs:
        pages += kist_pages(program, prose, version) if SECTIONS.get(program.name) == 1 else [
            program_page(program, prose, version)]
    for name in [name for name in prose.files if name.endswith(".5")]:
        sections = prose.read(name)
        title, _, text = sections[0][1].strip().partition("\n")
        page = Page(name.removesuffix(".5"), 5, version, title.lstrip("# "))
        page.head("Description")
        page.prose(text)
        rest(page, sections, [("kist", 1)])
        pages.append((page, []))
    for page, options in pages:
        page.write(out)
        check(page, options, out)
    present = {program.name for program in programs}
    stale = {name for name in prose.unused if name.split(".")[0] not in ("kistd",) or "kistd" in present}
    if stale:
        raise SystemExit(f"gen-man: {', '.join(sorted(stale))}.md: no such page")
    return 0


if __name__ == "__main__":
    sys.exit(main())
