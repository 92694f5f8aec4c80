"""New syntax and strings that hold code."""

from __future__ import annotations

import typing as t


def generic[T: (int, str)](value: "t.Optional[T]", other: "list['undefined']") -> "T":
    match value:
        case {"key": [first, *rest], **others} if first:
            return first
        case str() | bytes():
            return f"{value!r:>{len(rest)}} {f'{value:{'^'}10}'}"
    print(f"{value=}", t"{value}" if False else rb"\d")
    return t.cast("undefined.Too", other)


lazy = [lambda i=i: i for i in range(3)]
walrus = (n := 10) + n ** -1
été = {*(), **{}}
