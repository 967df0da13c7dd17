"""ggml: its FLASH_ATTN_EXT operator on the CPU, called through the C functions of libggml (ggml.h, ggml-backend.h)."""

import ctypes
import ctypes.util
import os

import numpy as np

from . import CLOCKS, Missing, quiet_loading

NAME = "ggml"

_TYPES = {"f32": 0, "f16": 1, "bf16": 30}  # enum ggml_type
_CPU = 0  # enum ggml_backend_dev_type
_OBJECTS = 16 << 20  # bytes for tensor and graph headers, far more than five tensors take

_library = None


class _InitParams(ctypes.Structure):
    _fields_ = [("mem_size", ctypes.c_size_t), ("mem_buffer", ctypes.c_void_p), ("no_alloc", ctypes.c_bool)]


def version():
    return _load().ggml_version().decode()


def prepare(inputs, threads, clock):
    return _Ggml(_load(), inputs, threads, clock)


def _load():
    global _library
    if _library is None:
        path = os.environ.get("GGML_LIBRARY") or ctypes.util.find_library("ggml")
        if not path:
            raise Missing("Debian's libggml0, or GGML_LIBRARY=/path/to/libggml.so")
        library = ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        for name, result, arguments in (
            ("ggml_version", ctypes.c_char_p, []),
            ("ggml_backend_load_all", None, []),
            ("ggml_backend_dev_by_type", pointer, [ctypes.c_int]),
            ("ggml_backend_dev_backend_reg", pointer, [pointer]),
            ("ggml_backend_reg_get_proc_address", pointer, [pointer, ctypes.c_char_p]),
            ("ggml_backend_init_by_type", pointer, [ctypes.c_int, ctypes.c_char_p]),
            ("ggml_backend_free", None, [pointer]),
            ("ggml_backend_alloc_ctx_tensors", pointer, [pointer, pointer]),
            ("ggml_backend_buffer_free", None, [pointer]),
            ("ggml_backend_tensor_set", None, [pointer, pointer, ctypes.c_size_t, ctypes.c_size_t]),
            ("ggml_backend_tensor_get", None, [pointer, pointer, ctypes.c_size_t, ctypes.c_size_t]),
            ("ggml_backend_graph_compute", ctypes.c_int, [pointer, pointer]),
            ("ggml_init", pointer, [_InitParams]),
            ("ggml_free", None, [pointer]),
            ("ggml_new_tensor_4d", pointer, [pointer, ctypes.c_int, number, number, number, number]),
            ("ggml_flash_attn_ext", pointer, [pointer] * 5 + [ctypes.c_float] * 3),
            ("ggml_new_graph", pointer, [pointer]),
            ("ggml_build_forward_expand", None, [pointer, pointer]),
        ):
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        with quiet_loading():
            library.ggml_backend_load_all()
        if not library.ggml_backend_dev_by_type(_CPU):
            raise Missing("libggml is there, but it finds no CPU backend to load")
        _library = library
    return _library


class _Ggml:
    def __init__(self, library, inputs, threads, clock):
        self._clock = CLOCKS[clock]
        shape, self._library, self._shape = inputs.shape, library, inputs.shape
        self.note = "a mask tensor, all pairs computed" if shape.causal else ""
        self._backend = library.ggml_backend_init_by_type(_CPU, None)
        registry = library.ggml_backend_dev_backend_reg(library.ggml_backend_dev_by_type(_CPU))
        set_threads = library.ggml_backend_reg_get_proc_address(registry, b"ggml_backend_set_n_threads")
        ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int)(set_threads)(self._backend, threads)
        self._context = library.ggml_init(_InitParams(_OBJECTS, None, True))

        # Queries are float32 whatever the keys are; extents are innermost first.
        arrays = [(inputs.float32("q"), "f32"), (inputs.bits["k"], shape.dtype), (inputs.bits["v"], shape.dtype)]
        if shape.causal:
            hidden = np.triu(np.full((shape.rows, shape.keys), -np.inf, np.float16), 1)
            arrays.append((hidden[None, None], "f16"))
        tensors = [self._new(array, dtype) for array, dtype in arrays]
        mask = tensors[3] if shape.causal else None
        self._output = library.ggml_flash_attn_ext(self._context, *tensors[:3], mask, shape.dim ** -0.5, 0.0, 0.0)
        self._graph = library.ggml_new_graph(self._context)
        library.ggml_build_forward_expand(self._graph, self._output)
        self._buffer = library.ggml_backend_alloc_ctx_tensors(self._context, self._backend)
        for tensor, (array, _) in zip(tensors, arrays):
            array = np.ascontiguousarray(array)
            library.ggml_backend_tensor_set(tensor, array.ctypes.data, 0, array.nbytes)

    def run(self, calls):
        started = self._clock()
        for _ in range(calls):
            status = self._library.ggml_backend_graph_compute(self._backend, self._graph)
            if status != 0:
                raise RuntimeError(f"ggml_backend_graph_compute gave status {status}")
        return self._clock() - started

    def result(self):
        shape = self._shape
        rows = np.empty((1, shape.rows, shape.heads, shape.value), np.float32)
        self._library.ggml_backend_tensor_get(self._output, rows.ctypes.data, 0, rows.nbytes)
        return rows.transpose(0, 2, 1, 3)

    def close(self):
        self._library.ggml_backend_buffer_free(self._buffer)
        self._library.ggml_free(self._context)
        self._library.ggml_backend_free(self._backend)

    def _new(self, array, dtype):
        return self._library.ggml_new_tensor_4d(self._context, _TYPES[dtype], *reversed(array.shape))
