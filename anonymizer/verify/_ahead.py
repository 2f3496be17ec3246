"""Work that is done by another thread while this one looks at what is there already.

NumPy and Arrow let other threads run while they work, so two cores are kept busy with one set of data in memory.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

_READY = 1
"""Items that may wait, besides the one that is being made."""


class Ahead(Generic[T]):
    """Iterates over `items`, which another thread makes. Errors of theirs come out of the iteration."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._queue: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(_READY)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[T]:
        try:
            while True:
                item, error = self._queue.get()
                if error is not None:
                    raise error
                if item is None:
                    return
                yield item
        finally:
            self.close()

    def close(self) -> None:
        """Stop the thread."""
        self._over.set()
        while self._thread.is_alive():
            try:
                self._queue.get(timeout=0.05)
            except queue.Empty:
                continue

    def _work(self) -> None:
        try:
            for item in self._items:
                self._queue.put((item, None))
                if self._over.is_set():
                    break
        except BaseException as error:  # noqa: BLE001 (it is raised again where the item would have come out)
            self._queue.put((None, error))
        self._queue.put((None, None))
