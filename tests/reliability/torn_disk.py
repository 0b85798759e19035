"""A disk in memory whose power can be cut: what was not synced survives sector by sector, as chance has it.

Between two syncs every write is kept as a version of its sectors. After the cut each such sector holds its synced
content, or any version written since, or (with `garbage`) noise, as a sector caught half-way by cheap flash does. The
length of a file is its synced length or any it had since. A file that was never synced may not exist; a deletion that
was not synced may not have happened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import apsw


class PowerCut(apsw.IOError):
    """The power is gone: this and every later operation fails."""


class DiskFile:
    def __init__(self, content: bytes = b"") -> None:
        self.now = bytearray(content)
        self.synced = bytes(content)
        self.exists_durably = bool(content)
        self.sizes: list[int] = [len(content)]
        self.versions: dict[int, list[bytes]] = {}  # sector -> contents since the last sync

    def write(self, data: bytes, offset: int, sector: int) -> None:
        if len(self.now) < offset:
            self.now.extend(bytes(offset - len(self.now)))
        self.now[offset : offset + len(data)] = data
        self.sizes.append(len(self.now))
        for number in range(offset // sector, (offset + len(data) - 1) // sector + 1):
            self.versions.setdefault(number, []).append(bytes(self.now[number * sector : (number + 1) * sector]))

    def sync(self) -> None:
        self.synced = bytes(self.now)
        self.exists_durably = True
        self.sizes = [len(self.now)]
        self.versions = {}

    def survivor(self, random: Random, sector: int, *, garbage: bool) -> DiskFile | None:
        if not self.exists_durably and random.random() < 0.5:
            return None
        content = bytearray(self.synced)
        for number, versions in self.versions.items():
            start = number * sector
            choice = random.randrange(len(versions) + (2 if garbage else 1))
            if choice == 0:
                continue  # this sector never reached the disk
            new = versions[choice - 1] if choice <= len(versions) else random.randbytes(sector)
            if len(content) < start:
                content.extend(bytes(start - len(content)))
            content[start : start + len(new)] = new
        size = random.choice(self.sizes)
        content.extend(bytes(max(0, size - len(content))))
        return DiskFile(bytes(content[:size]))


class TornDisk:
    """Files by name. `capacity` in bytes, `operations` so far, and the number of the one at which the power goes."""

    def __init__(self, *, sector: int = 4096, files: dict[str, bytes] | None = None) -> None:
        self.sector = sector
        self.files = {name: DiskFile(content) for name, content in (files or {}).items()}
        self.undead: dict[str, DiskFile] = {}
        self.operations = 0
        self.syncs = 0
        self.cut_at: int | None = None
        self.dead = False
        self.capacity: int | None = None

    def step(self) -> bool:
        """Count an operation. True: the power goes during it."""
        if self.dead:
            raise PowerCut("no power")
        self.operations += 1
        if self.cut_at is not None and self.operations >= self.cut_at:
            self.dead = True
        return self.dead

    def used(self) -> int:
        return sum(len(file.now) for file in self.files.values())

    def content(self) -> dict[str, bytes]:
        return {name: bytes(file.now) for name, file in self.files.items()}

    def after_power_cut(self, random: Random, *, garbage: bool = False) -> TornDisk:
        """What a machine finds that boots from this disk."""
        found: dict[str, bytes] = {}
        for name, file in {**self.undead, **self.files}.items():
            if name in self.undead and name not in self.files and random.random() < 0.5:
                continue
            survivor = file.survivor(random, self.sector, garbage=garbage)
            if survivor is not None:
                found[name] = survivor.synced
        return TornDisk(sector=self.sector, files=found)


class _Handle:
    """An open file, in apsw's words."""

    def __init__(self, disk: TornDisk, file: DiskFile) -> None:
        self._disk = disk
        self._file = file

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        if self._disk.dead:
            raise PowerCut("no power")
        return bytes(self._file.now[offset : offset + amount])

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        growth = max(0, offset + len(data) - len(self._file.now))
        if self._disk.capacity is not None and growth and self._disk.used() + growth > self._disk.capacity:
            raise apsw.FullError("no room")
        cut = self._disk.step()
        self._file.write(bytes(data), offset, self._disk.sector)
        if cut:
            raise PowerCut("no power")

    def xTruncate(self, size: int) -> None:  # noqa: N802
        cut = self._disk.step()
        del self._file.now[size:]
        self._file.sizes.append(len(self._file.now))
        if cut:
            raise PowerCut("no power")

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._disk.step():  # the power goes before the sync is through: nothing is promised
            raise PowerCut("no power")
        self._disk.syncs += 1
        self._file.sync()

    def xFileSize(self) -> int:  # noqa: N802
        return len(self._file.now)

    def xClose(self) -> None:  # noqa: N802
        return

    def xLock(self, level: int) -> None:  # noqa: N802
        return

    def xUnlock(self, level: int) -> None:  # noqa: N802
        return

    def xCheckReservedLock(self) -> bool:  # noqa: N802
        return False

    def xFileControl(self, op: int, ptr: int) -> bool:  # noqa: N802
        return False

    def xSectorSize(self) -> int:  # noqa: N802
        return self._disk.sector

    def xDeviceCharacteristics(self) -> int:  # noqa: N802
        return 0  # no atomic writes, no safe append, no power-safe overwrite


class _TornVfs(apsw.VFS):
    def __init__(self, name: str, disk: TornDisk) -> None:
        self._disk = disk
        super().__init__(name, "")

    def xFullPathname(self, name: str) -> str:  # noqa: N802
        return name

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: N802
        return pathname in self._disk.files

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        cut = self._disk.step()
        file = self._disk.files.pop(filename, None)
        if file is not None and file.exists_durably and (cut or not syncdir):
            self._disk.undead[filename] = file
        if cut:
            raise PowerCut("no power")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> _Handle:  # type: ignore[override]  # noqa: N802
        if name is None:
            return _Handle(self._disk, DiskFile())  # a temporary file: nobody looks for it later
        text = name.filename() if isinstance(name, apsw.URIFilename) else name
        if text not in self._disk.files and not flags[0] & apsw.SQLITE_OPEN_CREATE:
            raise apsw.CantOpenError("no such file")
        flags[1] = flags[0]
        return _Handle(self._disk, self._disk.files.setdefault(text, DiskFile()))


@contextmanager
def mounted(disk: TornDisk, name: str) -> Iterator[str]:
    """Register the disk as an apsw VFS; gives its name."""
    vfs = _TornVfs(name, disk)
    try:
        yield name
    finally:
        vfs.unregister()
