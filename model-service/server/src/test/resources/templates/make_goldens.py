"""Writes goldens.json: what Jinja itself renders from the templates of this folder and from that
of the default model, in the environment in which chat templates are run elsewhere.

  python make_goldens.py PATH_OF_THE_DEFAULT_MODEL.gguf      (needs jinja2)
"""
import datetime
import json
import pathlib
import struct
import sys

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2026, 3, 5, 13, 4, 9)
CONVERSATIONS = [
    [("user", "Hello")],
    [("system", "Be brief."), ("user", "Hi")],
    [("user", "a"), ("assistant", "b"), ("user", "c")],
    [
        ("system", "  sys \n"),
        ("user", "  spaces  \n"),
        ("assistant", "<think>\nhm\n</think>\n\nanswer\n"),
        ("user", "naïve 😀 \"quoted\" 'x' {{ 1+1 }} {% if %} <|im_end|>\n\n"),
        ("assistant", "ok"),
        ("user", "\ttab"),
    ],
    [("assistant", "first"), ("user", "x")],
    [("user", "a"), ("user", "b")],
    [("system", "a system message alone")],
]


def template_of(gguf):
    data = gguf.read_bytes()
    at = data.index(b"tokenizer.chat_template") + len(b"tokenizer.chat_template") + 4
    (length,) = struct.unpack("<Q", data[at : at + 8])
    return data[at + 8 : at + 8 + length].decode()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def render(source, messages):
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = raise_exception
    environment.globals["strftime_now"] = NOW.strftime
    try:
        return environment.from_string(source).render(
            messages=messages, add_generation_prompt=True, bos_token="<bos>", eos_token="<eos>"
        ), None
    except jinja2.exceptions.TemplateError as e:
        return None, str(e)


def main():
    folder = pathlib.Path(__file__).parent
    sources = {p.name: p.read_bytes().decode() for p in sorted(folder.glob("*.jinja"))}
    sources["default-model"] = template_of(pathlib.Path(sys.argv[1]))
    goldens = []
    for name, source in sources.items():
        for conversation in CONVERSATIONS:
            messages = [{"role": role, "content": content} for role, content in conversation]
            output, error = render(source, messages)
            goldens.append(
                {"template": name, "messages": messages, "output": output, "error": error}
            )
    text = json.dumps(goldens, ensure_ascii=False, indent=1)
    (folder / "goldens.json").write_bytes((text + "\n").encode())


main()
