"""One file of tensors and a JSON document: written whole or not at all, and checked when it is read.

The file is a plain safetensors file, so any tool of that format opens it and no code runs on load. Its metadata
holds, as `motet`, a digest of document and tensors, a line end, and the document. Equal content is equal bytes.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from motet.errors import DataError
from motet.files import atomic_write

Document = dict[str, Any]
_ENTRY = "motet"
_REMEDY = "restore it from a copy; of a run, delete its folder seed-S/fold-K and run the same `motet train` again"


def write(path: Path, tensors: Mapping[str, Tensor], document: Document) -> None:
    """Write tensors and a document atomically: after a crash the old file or the new one is there."""
    plain = {name: tensor.detach().to("cpu").contiguous().clone() for name, tensor in tensors.items()}
    text = json.dumps(document, allow_nan=False)
    content = save_tensors(plain, {_ENTRY: f"{_digest(plain, text)}\n{text}"})
    with atomic_write(path) as file:
        file.write(content)


def read(path: Path) -> tuple[dict[str, Tensor], Document]:
    """Read and check a file.

    Raises
    ------
    DataError
        If the file is missing, not one of ours, or damaged.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); name a model file or a run's folder") from error
    try:
        digest, text = _metadata(content).split("\n", 1)
        tensors = load_tensors(content)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise DataError(f"{path}: is damaged or no file of Motet; {_REMEDY}") from error
    if _digest(tensors, text) != digest:
        raise DataError(f"{path}: is damaged, its checksum does not match; {_REMEDY}")
    document: Document = json.loads(text)
    return tensors, document


def _metadata(content: bytes) -> str:
    length = int.from_bytes(content[:8], "little")
    return str(json.loads(content[8 : 8 + length])["__metadata__"][_ENTRY])


def _digest(tensors: Mapping[str, Tensor], document: str) -> str:
    digest = hashlib.blake2b(document.encode(), digest_size=16)
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name}\x1f{tensor.dtype}\x1f{tuple(tensor.shape)}\x1e".encode())
        if tensor.numel():
            digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
