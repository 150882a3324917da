"""How much memory this process may take. For a process that does nothing but read one file, see page_process."""

from __future__ import annotations


def limit_memory(size: int) -> None:
    """Let whatever takes more than `size` bytes of addresses fail; nothing where the system has no such limit."""
    try:
        import resource
    except ImportError:  # Windows
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size if most == resource.RLIM_INFINITY else min(size, most), most))
