"""Reads an optical image with libudfread or with pycdlib.

    read.py udfread|udf|rr|joliet|iso IMAGE            lists directories, and files with their digests
    read.py udfread|udf|rr|joliet|iso IMAGE PATH N...  says the file's length, and the digest of pieces of it: two
                                                       sectors from each sector N on
"""

import ctypes
import hashlib
import sys

SECTOR = 2048
PIECE = 1 << 20


class Udfread:
    """The library that players of Blu-ray discs read UDF with; it writes what it finds wrong to stderr."""

    class Entry(ctypes.Structure):
        _fields_ = [("kind", ctypes.c_uint), ("name", ctypes.c_char_p)]

    def __init__(self, image):
        self.library = ctypes.CDLL("libudfread.so.0")
        for name in ["init", "opendir", "readdir", "file_open"]:
            getattr(self.library, f"udfread_{name}").restype = ctypes.c_void_p
        for name in ["file_size", "file_seek", "file_read"]:
            getattr(self.library, f"udfread_{name}").restype = ctypes.c_int64
        self.file = None
        self.volume = ctypes.c_void_p(self.library.udfread_init())
        if self.library.udfread_open(self.volume, image.encode()) != 0:
            sys.exit("libudfread does not open it")

    def list(self, directory):
        handle = ctypes.c_void_p(self.library.udfread_opendir(self.volume, self.encoded(directory or "/")))
        if not handle:
            sys.exit(f"libudfread does not list {directory}")
        entry = self.Entry()
        while self.library.udfread_readdir(handle, ctypes.byref(entry)):
            name = entry.name.decode("utf-8", "surrogatepass").encode("utf-16", "surrogatepass").decode("utf-16")
            if name not in [".", ".."]:
                yield name, entry.kind == 1
        self.library.udfread_closedir(handle)

    def encoded(self, path):
        """Modified UTF-8: characters beyond the Basic Multilingual Plane are two surrogates."""
        units = path.encode("utf-16-le")
        pairs = (units[at : at + 2] for at in range(0, len(units), 2))
        return b"".join(chr(pair[0] | pair[1] << 8).encode("utf-8", "surrogatepass") for pair in pairs)

    def open(self, path):
        if self.file:
            self.library.udfread_file_close(self.file)
        self.file = ctypes.c_void_p(self.library.udfread_file_open(self.volume, self.encoded(path)))
        if not self.file:
            sys.exit(f"libudfread does not open {path}")
        return self.library.udfread_file_size(self.file)

    def read(self, offset, count):
        if self.library.udfread_file_seek(self.file, ctypes.c_int64(offset), 0) != offset:
            sys.exit(f"libudfread does not find {offset}")
        data = ctypes.create_string_buffer(count)
        found = self.library.udfread_file_read(self.file, data, ctypes.c_size_t(count))
        return data.raw[: max(found, 0)]


class Pycdlib:
    """A library of Python's, on one of the sides that it knows: udf, rr, joliet or iso."""

    def __init__(self, image, side):
        sys.setrecursionlimit(10_000)
        import pycdlib

        self.side = f"{side}_path"
        self.volume = pycdlib.PyCdlib()
        self.volume.open(image)

    def list(self, directory):
        for record in self.volume.list_children(**{self.side: directory or "/"}):
            if record is None or record.is_dot() or record.is_dotdot():
                continue
            yield self.name(record), record.is_dir()

    def name(self, record):
        if self.side == "rr_path":
            return record.rock_ridge.name().decode()
        name = record.file_identifier()
        if self.side == "udf_path":
            return name.decode(record.file_ident.encoding)
        return name.decode("utf-16-be" if self.side == "joliet_path" else "ascii")

    def open(self, path):
        self.file = self.volume.open_file_from_iso(**{self.side: path})
        self.file.__enter__()
        return self.file.length()

    def read(self, offset, count):
        self.file.seek(offset)
        return self.file.read(count)


def pieces(length):
    return ((at, min(PIECE, length - at)) for at in range(0, length, PIECE))


def walk(reader):
    pending = [""]
    while pending:
        directory = pending.pop()
        for name, is_directory in list(reader.list(directory)):
            path = f"{directory}/{name}"
            if is_directory:
                pending.append(path)
                print(f".{path}")
            else:
                digest = hashlib.sha256()
                for at, count in pieces(reader.open(path)):
                    digest.update(reader.read(at, count))
                print(f"{digest.hexdigest()}  .{path}")


def look(reader, path, sectors):
    print(path, reader.open(f"/{path}"))
    digest = hashlib.sha256()
    for sector in sectors:
        digest.update(reader.read(int(sector) * SECTOR, 2 * SECTOR))
    print(f"{digest.hexdigest()}  -")


sys.stdout.reconfigure(encoding="utf-8")
side, image, *wanted = sys.argv[1:]
reader = Udfread(image) if side == "udfread" else Pycdlib(image, side)
if wanted:
    look(reader, wanted[0], wanted[1:])
else:
    walk(reader)
