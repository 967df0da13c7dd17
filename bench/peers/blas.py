"""How OpenBLAS is set, with which PyTorch multiplies unless it was built with MKL."""

import os


def choose():
    """Sets what is not set. It must come before anything loads OpenBLAS, which reads the environment only then."""
    # PyTorch's flash kernel multiplies small blocks in threads of its own. Two threads of OpenBLAS inside one of
    # them took 4 to 9 times the processor time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def description():
    """All that the environment tells OpenBLAS, OpenMP and MKL: a forgotten OPENBLAS_CORETYPE=Haswell cost 40 %."""
    return ", ".join(
        f"{name}={value}" for name, value in sorted(os.environ.items())
        if name.startswith(("OPENBLAS_", "OMP_", "GOMP_", "MKL_")))
