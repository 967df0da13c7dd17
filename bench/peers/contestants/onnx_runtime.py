"""onnxruntime: its MultiHeadAttention operator (domain com.microsoft) on the CPU."""


import numpy as np

from . import CLOCKS, Missing, Skipped, quiet_loading, refuse_without_room
from .onnx_model import multi_head_attention

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

NAME = "onnxruntime"


def version():
    if onnxruntime is None:
        raise Missing("pip install onnxruntime, or Debian's python3-onnxruntime")
    return onnxruntime.__version__


def prepare(inputs, threads, clock):
    shape = inputs.shape
    if shape.kv != shape.heads:
        raise Skipped("MultiHeadAttention has no shared key heads")
    if shape.dtype != "f32":
        raise Skipped("MultiHeadAttention on the CPU takes float32 alone")
    if shape.causal:
        refuse_without_room(shape, 2, "causal MultiHeadAttention")
    return _Onnx(inputs, threads, clock)


class _Onnx:
    def __init__(self, inputs, threads, clock):
        self._clock = CLOCKS[clock]
        self._shape = inputs.shape
        self.note = "causal holds all scores" if self._shape.causal else ""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        with quiet_loading():
            self._session = onnxruntime.InferenceSession(
                multi_head_attention(self._shape), options, providers=["CPUExecutionProvider"])
        self._feeds = {
            name: onnxruntime.OrtValue.ortvalue_from_numpy(_rows_first(inputs.float32(name))) for name in "qkv"}

    def run(self, calls):
        started = self._clock()
        for _ in range(calls):
            self._output = self._session.run_with_ort_values(["o"], self._feeds)
        return self._clock() - started

    def result(self):
        shape = self._shape
        rows = self._output[0].numpy().reshape(1, shape.rows, shape.heads, shape.value)
        return np.ascontiguousarray(rows.transpose(0, 2, 1, 3))

    def close(self):
        del self._session, self._feeds, self._output


def _rows_first(tensor):
    """[1, heads, rows, dim] as [1, rows, heads · dim], which is how the operator wants it."""
    rows = np.ascontiguousarray(tensor.transpose(0, 2, 1, 3))
    return rows.reshape(1, rows.shape[1], -1)
