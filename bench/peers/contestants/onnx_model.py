"""
An ONNX model of one MultiHeadAttention node, written as protocol-buffer bytes, so that the onnx package is not needed.
Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

_FLOAT, _INT_ATTRIBUTE = 1, 2


def multi_head_attention(shape):
    """The bytes of a model from q, k and v, [1, rows, heads · dim], to o."""
    node = b"".join(_text(1, name) for name in "qkv") + _text(2, "o") + _text(4, "MultiHeadAttention")
    node += _attribute("num_heads", shape.heads) + _attribute("unidirectional", int(shape.causal))
    node += _text(7, "com.microsoft")
    graph = _bytes(1, node) + _text(2, "attention")
    graph += _tensor(11, "q", shape.rows, shape.heads * shape.dim)
    graph += _tensor(11, "k", shape.keys, shape.kv * shape.dim)
    graph += _tensor(11, "v", shape.keys, shape.kv * shape.value)
    graph += _tensor(12, "o", shape.rows, shape.heads * shape.value)
    return _number(1, 8) + _bytes(7, graph) + _opset("", 17) + _opset("com.microsoft", 1)


def _opset(domain, version):
    return _bytes(8, _text(1, domain) + _number(2, version))


def _attribute(name, value):
    return _bytes(5, _text(1, name) + _number(3, value) + _number(20, _INT_ATTRIBUTE))


def _tensor(field, name, rows, columns):
    extents = b"".join(_bytes(1, _number(1, extent)) for extent in (1, rows, columns))
    tensor = _number(1, _FLOAT) + _bytes(2, extents)
    return _bytes(field, _text(1, name) + _bytes(2, _bytes(1, tensor)))


def _text(field, text):
    return _bytes(field, text.encode())


def _bytes(field, content):
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _number(field, value):
    return _varint(field << 3) + _varint(value)


def _varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
