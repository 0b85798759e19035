"""What is wrong with the settings, in one sentence: the file, the key, and what is allowed."""

from __future__ import annotations

import difflib
import os
import re
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError

ENV_PREFIX: Final = "HUOMA_"
_SECRET_WORDS: Final = ("secret", "token", "password", "credential")
_CLEAR: Final[Mapping[str, str]] = MappingProxyType(
    {
        "path_type": "should be a path",
        "model_type": "should be a table with settings of its own: docs/settings.md lists them",
        "model_attributes_type": "should be a table with settings of its own: docs/settings.md lists them",
        "dict_type": "should be a table",
        "tuple_type": "should be a list",
        "list_type": "should be a list",
    }
)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The settings tables an annotation can hold: of unions, lists, `Annotated`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) is dict or annotation is SecretStr:
        return []
    return [model for argument in get_args(annotation) for model in models_in(argument)]


def is_list(annotation: Any) -> bool:
    """Whether the annotation is a list or tuple of tables (`[[name]]` in the file)."""
    if get_origin(annotation) in (list, tuple):
        return True
    return get_origin(annotation) in (Union, types.UnionType) and any(is_list(a) for a in get_args(annotation))


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every setting as a dotted key, tables among them, in the order of the model."""
    seen: set[str] = set()
    for name, field in model.model_fields.items():
        yield prefix + name
        for table in models_in(field.annotation):
            for key in keys(table, f"{prefix}{name}."):
                if key not in seen:
                    seen.add(key)
                    yield key


def nearest(key: str, model: type[BaseModel]) -> str | None:
    """The known setting that was probably meant, or None."""
    known = list(keys(model))
    table, _, name = key.rpartition(".")
    beside = [k for k in known if k.rpartition(".")[0] == table]
    close = difflib.get_close_matches(key, beside, n=1, cutoff=0.6) or difflib.get_close_matches(key, known, n=1)
    if close:
        return close[0]
    elsewhere = difflib.get_close_matches(name, [k.rpartition(".")[2] for k in known], n=1, cutoff=0.8)
    return next((k for k in known if elsewhere and k.rpartition(".")[2] == elsewhere[0]), None)


def sentence(error: ValidationError, model: type[BaseModel], table: Mapping[str, Any], file: Path) -> str:
    """The first of the errors, unknown keys before bad values."""
    details = sorted(error.errors(include_url=False), key=lambda detail: detail["type"] != "extra_forbidden")
    detail = details[0]
    location = _without_tags(detail["loc"], table)
    shown, key = _written(location), ".".join(str(part) for part in location if not isinstance(part, int))
    variable = ENV_PREFIX + "__".join(str(part) for part in location).upper()
    where = f"environment variable {variable}" if variable in os.environ else str(file)
    if detail["type"] == "extra_forbidden":
        guess = nearest(key, model)
        return f"{where}: unknown setting '{shown}'" + (
            f": did you mean '{guess}'?" if guess else "; docs/settings.md lists all"
        )
    if detail["type"] == "missing":
        return f"{where}: the setting '{shown}' is missing"
    if detail["type"] == "union_tag_not_found":
        return f"{where}: {shown} lacks type: give type = {_types(model, location)}"
    if detail["type"] == "union_tag_invalid":
        tag = detail["ctx"]["tag"]
        given = f"is {_brief(tag)}" if _plain(tag) else "is none that is known"
        return f"{where}: the setting '{shown}.type' {given}: give type = {_types(model, location)}"
    said = detail["msg"].removeprefix("Value error, ").removeprefix("Input ").partition(", unable")[0]
    said = _CLEAR.get(detail["type"], said)
    if detail["type"] == "string_pattern_mismatch":
        said = "should be an address that begins with https:// or http://, without ? and #"
    if detail["type"] == "model_type" and key == "notify.webhook":
        said = 'should be a table: write url = "https://…" under [notify.webhook]'
    if detail["type"] == "value_error" and not said.startswith("should"):
        said = _without_credentials(said)
        return f"{where}: [{shown}] {said}" if shown else f"{where}: {said}"
    given = "" if _secret(location) or not _plain(detail["input"]) else f" is {_brief(detail['input'])}: it"
    return f"{where}: setting '{shown}'{given} {said}"


def _without_tags(location: tuple[int | str, ...], table: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Pydantic puts the tag of a union behind an index: `sink.0.fhir.url`. The file does not say so."""
    parts: list[int | str] = []
    for position, part in enumerate(location):
        if position and isinstance(location[position - 1], int) and isinstance(part, str):
            item = _lookup(parts, table)
            if not isinstance(item, Mapping) or part == item.get("type"):
                continue
        parts.append(part)
    return tuple(parts)


def _lookup(location: list[int | str] | tuple[int | str, ...], table: Any) -> Any:
    for part in location:
        try:
            table = table[part]
        except (KeyError, IndexError, TypeError):
            return None
    return table


def _written(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _secret(location: tuple[int | str, ...]) -> bool:
    return any(word in str(part).lower() for part in location for word in _SECRET_WORDS)


def _plain(value: Any) -> bool:
    """Whether a value may be shown: never a table or list, which may hold secrets, nor an address or a long text."""
    if isinstance(value, str):
        return "://" not in value and "@" not in value
    return isinstance(value, bool | int | float)


def _without_credentials(text: str) -> str:
    return re.sub(r"//[^/\s]*@", "//…@", text)


def _types(model: type[BaseModel], location: tuple[int | str, ...]) -> str:
    """What `type` may be in this kind of table: `"fhir" or "influx"`."""
    tables = models_in(model.model_fields[str(location[0])].annotation)
    return " or ".join(f'"{table.model_fields["type"].default}"' for table in tables)


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
