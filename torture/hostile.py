"""Hostile input: scalars, YAML texts, bytes, and words that are almost notes."""

import math
from typing import Any

SCALARS = (
    *("16384", "65536", "1024", "[16384, 16384]", "mlp", "gru", "embedding", "pitch_duration"),
    *("next", "none", "shifted", "windows", "contiguous", "stratified_shuffle", "{kind: contiguous}"),
    *("g8", "hello", "0.9", "", "~", "null", "true", "no", "0", "-1", "1", "2", "0.5", "-0.0"),
    *("1e-320", "1e999", "10000000000000", "1000000000", "1" + "0" * 30, "9" * 990, "9" * 5000),
    *("-" + "9" * 500, "0x" + "F" * 900, "0o777", ".inf", "-.inf", ".nan", "1_000", "12:30"),
    *("2024-01-01", "text", "notes", "lstm", "mlp", "stream", "*a", "&a 1", "&a [*a, *a]", "<<"),
    *("!!python/object/apply:os.system ['true']", "!!int 1", "!a%0Ab c", "!!binary aGVsbG8="),
    *("!!set {a, b}", "%TAG", "%YAML 9", "? a", "- a", "|", ">-", "@", "`", "'", '"', "#"),
    *('"\\ud800"', '"\\udc00"', '"\\0"', '"\\x1b[31m"', '"a\\nb"', '"\\u2028"', '"\\U00110000"'),
    *('"\\UFFFFFFFF"', '"\\q"', '"\\x"', "\u202e", "\u00a0", "\ufeff", "\u0085", "\u2028", "\u3000"),
    *("é", "e\u0301", "😀", "[]", "{}", "[[]]", "[1, [2]]", "{a: 1}", "[null]", "[{}]", "[" * 30),
    *("{a: " * 30, "[1, 2", "{a: 1", "]", "a" * 300, "a" * 70_000, '"' + "\\n" * 300 + '"'),
    *("/dev/null", "/dev/zero", "/", "../..", "../data", "~root/x", "a/" * 3000),
    *("'../data/na\u2028biya.notes'", "'../data/harbour.txt/x'"),
    *("ftp://localhost/a", "https://", "https://[::1", "https://me:secret@localhost/", "https:a"),
    *("data:,abc", "http://localhost:99999/", "http://localhost.evil.org/a", "'https://localhost/a b'", '"https://a\\r\\nb"'),
    *("file:///dev/zero", "file:///", "file://elsewhere/a", "file:///%00", "file:///" + "a/" * 3000),
    *("0" * 64, "e" * 64, "'" + "0" * 64 + "'", "'" + "g" * 64 + "'"),
    "[../data/harbour.txt, ../data/nabiya.notes]",
)  # fmt: skip
"""Values to write after a key."""

PLAIN: tuple[Any, ...] = (
    *(2**14, 2**16, 100, 1000, "mlp", "gru", "embedding", "next", "shifted", "windows", "scalar"),
    *(0.9, {"kind": "contiguous"}, {"kind": "contiguous", "test": 0.5}),
    *({"kind": "stratified_shuffle"}, None, True, False, 0, 1, -1, 2, 3, 10**9, 10**12, 10**30),
    *(-(10**30), 10**900, 0.5, 1.0, 1e308, 5e-324, math.inf, -math.inf, math.nan, "", " ", "a", "\0"),
    *("\n", "a\nb", "\r", "\x1b[2J", "\x7f", "\u2028", "\ud800", "\ufeff", "\u202e", "1", "1e3"),
    *("file:///dev/null", "https://localhost:1/" + "a" * 3000, "0" * 64),
    *("null", "x" * 1000, "x" * 50_000, "lstm", "one_hot", "c4", "<c e>4", "C#4", [], [[]], [1]),
    *([1] * 40, [2**14] * 3, ["c4"] * 3, [None], {}, {"a": 1}, {"kind": "lstm"}, {"kind": 10**30}),
)  # fmt: skip
"""Values as Python objects."""

PAGES = (
    *("", " ", "\n", "\ufeff", "---", "...", "a", "[]", "null", "'", "\t", "%", "%YAML 1.2"),
    *("%TAG ! a\n---\na: 1", "--- {}\n--- {}", "a: &a [*a]", "[" * 10_000, "{" * 10_000),
    *("- " * 10_000, "? " * 10_000, "a: b: c"),
    "a: &0 [x, x]\n" + "".join(f"a{n}: &{n} [*{n - 1}, *{n - 1}]\n" for n in range(1, 40)),
    *("%YAML 1." + "9" * 5000 + "\n---\na: 1", "%YAML " + "9" * 5000 + ".1\n---\na: 1"),
    *("%YAML 2.0\n---\na: 1", "\n".join(" " * i + "a:" for i in range(100)), "a: >\n" + " x\n" * 500),
    *("a: |99999999999\n x", "? ? ? a"),
)  # fmt: skip
"""YAML texts that are hostile as a whole."""

_GOOD = "dataset: {kind: text, inline: abc}\nmodel: {kind: lstm, units: 4}\n"
_LISTED, _TOO_MANY = "[" + "x, " * 11_000 + "]", "[" + "x, " * 160_000 + "]"

LARGE = (
    *("[" * 500_000, "{" * 500_000, "- " * 250_000, "? " * 250_000, "&a " * 170_000, "!a " * 170_000),
    *("\n" * 49_000 + " " * 400_000, "# text\n" * 49_000, ":" * 500_000, ": " * 250_000),
    *("---\n" * 130_000, "a" * 10_000_000, _GOOD + "".join(f"key{n}: 1\n" for n in range(30_000))),
    *(_GOOD + "key: 1\n" * 60_000, _GOOD + "".join(f"key{n}: *a\n" for n in range(30_000))),
    *(_GOOD + "x: [" + "*a, " * 100_000 + "]", _GOOD.replace("4", _LISTED)),
    *(_GOOD.replace("4", _TOO_MANY), _GOOD + "training:\n" + "  epocs: 1\n" * 40_000),
    *(_GOOD + "x: " + "a" * 450_000, _GOOD + "a" * 450_000, _GOOD + 'x: "' + "\\n" * 200_000 + '"'),
    *(_GOOD + "x: " + " " * 450_000 + "a", _GOOD + "x: |\n" + " a bcdefg\n" * 49_000),
    *(_GOOD + "x: >\n" + " a bc\n\n" * 24_500, _GOOD + "x:\n" + " a bcdefg\n" * 49_000),
    *(_GOOD.replace("abc", "ab " * 150_000), _GOOD.replace("abc", "abc, vocabulary: " + _LISTED)),
    *(_GOOD.replace("abc", _LISTED), _GOOD.replace("inline: abc", "path: " + _LISTED)),
    _GOOD.replace("abc", "abc, vocabulary: " + "a" * 400_000),
)  # fmt: skip
"""YAML texts of the largest allowed size, and larger."""

BYTES = (
    *(b"\0", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc0\x80", b"\xed\xa0\x80"),
    *(b"\xf4\x90\x80\x80", b"\xe2\x80\xa8", b"\xc2\x85", b"\x1b[31m", b"\r", b"\r\n", b"\n", b"\t"),
    *(b"\x7f", b"\x80", b"\xf0\x9f\x98", b"\xf0\x9f\x98\x80", b"\xcc\x81", b"\xe2\x80\xae"),
    *(b"\xc2\xa0", b"a", b" ", b"'", b'"', b"%", b"{", b"<"),
)  # fmt: skip
"""Line ends in every encoding, cut characters, and characters that are line breaks elsewhere but not here."""

NOTES = (
    *("c4", "g8", "cis'4.", "bes,,8", "r4", "<c e g>4", "c8*2/3", "g4~", "g4 ~", "|", "% a\n"),
    *("%{ a %}", "\n", "C4", "c#4", "h8", "do4", "c", "4", "c0", "c3", "c256", "c" + "9" * 400),
    *("c4*0", "c4*1/0", "c4*9999/9998", "c4*" + "2*" * 50 + "2", "c4" + "*9" * 400, "c4" + "." * 200),
    *("c'" * 3, "c',4", "c" + "'" * 3000 + "4", "C" + "'" * 3000 + "4", "<", "<>", "<>4", "<c"),
    *("<c" + " e" * 2000 + ">", "<c4 e4>", "<c~ e>4", "<r>4", "r4~", "r'4", "R4", "%{", "\\relative"),
    *("{", "}", "♯", "c♯4", "ces♭4", "<<", "<<c>>4", "~", "c4c4", "c¼", "c٤", "x" * 3000),
    *("c" + "is" * 500 + "4", "<" + "x" * 3000 + ">4", "c4" + " " * 500 + "~", "\0", "\ufeff"),
    "\u2028",
)  # fmt: skip
"""Notes, and words that are almost notes."""
