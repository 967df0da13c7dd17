"""PyTorch: scaled_dot_product_attention on the CPU, with the flash kernel wherever that takes the shape."""

import warnings

from . import CLOCKS, Missing, refuse_without_room

try:
    import torch
except ImportError:
    torch = None

NAME = "PyTorch"


def version():
    if torch is None:
        raise Missing("pip install torch, or Debian's python3-torch")
    blas = "MKL" if torch.backends.mkl.is_available() else "the system's BLAS"
    return f"{torch.__version__} with {blas}"


def prepare(inputs, threads, clock):
    return _Torch(inputs, threads, clock)


class _Torch:
    def __init__(self, inputs, threads, clock):
        self._clock = CLOCKS[clock]
        self._threads = threads
        self._tensors = [_tensor(inputs, name) for name in "qkv"]
        self._options = {"is_causal": inputs.shape.causal}
        if inputs.shape.kv != inputs.shape.heads:
            self._options["enable_gqa"] = True
        self._backend, self.note = torch.nn.attention.SDPBackend.FLASH_ATTENTION, ""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.run(1)
        except RuntimeError as error:
            if "No available kernel" not in str(error):
                raise
            self._backend, self.note = torch.nn.attention.SDPBackend.MATH, "flash refuses the shape: its math path"
            refuse_without_room(inputs.shape, 3, "the math path")

    def run(self, calls):
        torch.set_num_threads(self._threads)
        with torch.inference_mode(), torch.nn.attention.sdpa_kernel(self._backend):
            started = self._clock()
            for _ in range(calls):
                self._output = self._attend()
            return self._clock() - started

    def result(self):
        return self._output.float().contiguous().numpy()

    def close(self):
        del self._tensors, self._output

    def _attend(self):
        return torch.nn.functional.scaled_dot_product_attention(*self._tensors, **self._options)


def _tensor(inputs, name):
    bits = inputs.bits[name]
    if inputs.shape.dtype == "bf16":
        return torch.from_numpy(bits.view("int16").copy()).view(torch.bfloat16)
    return torch.from_numpy(bits.copy())
