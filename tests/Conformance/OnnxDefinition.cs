namespace Distributed.Conformance.Tests;

/// <summary>
/// The operator as its definition says, in float64, one number after the other. It shares no code with the engine.
/// </summary>
internal sealed class OnnxDefinition
{
    private readonly OnnxCase _case;
    private readonly double[] _keys;
    private readonly double[] _values;

    public OnnxDefinition(OnnxCase of)
    {
        _case = of;
        _keys = Concatenate(of.PastK, of.K, of.HeadSize);
        _values = Concatenate(of.PastV, of.V, of.ValueSize);
        Output = new double[of.Batch * of.QueryHeads * of.QueryRows * of.ValueSize];
        Qk = new double[of.Batch * of.QueryHeads * of.QueryRows * of.Keys];
        for (int row = 0; row < of.Batch * of.QueryHeads * of.QueryRows; row++)
            Row(row / of.QueryRows / of.QueryHeads, row / of.QueryRows % of.QueryHeads, row % of.QueryRows, row);
    }

    /// <summary>Y <c>[batch, q heads, q rows, value size]</c>.</summary>
    public double[] Output { get; }

    /// <summary>
    /// The largest Σ weight · |value| of any output: what rounding errors are relative to, where values cancel one another.
    /// </summary>
    public double OutputScale { get; private set; }

    /// <summary>qk_matmul_output <c>[batch, q heads, q rows, keys]</c> of the case's mode.</summary>
    public double[] Qk { get; }

    /// <summary>present_key <c>[batch, kv heads, keys, head size]</c>.</summary>
    public double[] PresentKeys => _keys;

    /// <summary>present_value <c>[batch, kv heads, keys, value size]</c>.</summary>
    public double[] PresentValues => _values;

    private void Row(int batch, int head, int query, int row)
    {
        int keys = _case.Keys;
        int keyHead = batch * _case.KeyHeads + head / (_case.QueryHeads / _case.KeyHeads);
        double scale = _case.Scale ?? 1 / Math.Sqrt(_case.HeadSize);
        var scores = new double[keys];
        for (int key = 0; key < keys; key++)
        {
            double score = 0;
            for (int d = 0; d < _case.HeadSize; d++)
                score += _case.Q[row * _case.HeadSize + d] * _keys[(keyHead * keys + key) * _case.HeadSize + d];
            score *= scale;
            Show(0, row, key, score);
            if (_case.Softcap > 0)
                score = _case.Softcap * Math.Tanh(score / _case.Softcap);
            Show(1, row, key, score);
            score += Bias(batch, head, query, key);
            Show(2, row, key, score);
            scores[key] = score;
        }
        double max = scores.Max();
        double[] weights = [.. scores.Select(score => double.IsNegativeInfinity(max) ? 0 : Math.Exp(score - max))];
        double sum = double.IsNegativeInfinity(max) ? 1 : weights.Sum();
        for (int c = 0; c < _case.ValueSize; c++)
        {
            double size = Enumerable.Range(0, keys).Sum(key => weights[key] / sum * Math.Abs(_values[(keyHead * keys + key) * _case.ValueSize + c]));
            OutputScale = Math.Max(OutputScale, size);
        }
        for (int key = 0; key < keys; key++)
        {
            Show(3, row, key, weights[key] / sum);
            for (int c = 0; c < _case.ValueSize; c++)
                Output[row * _case.ValueSize + c] += weights[key] / sum * _values[(keyHead * keys + key) * _case.ValueSize + c];
        }
    }

    /// <summary>What masks, causality and padding add: −∞ where a key may not be attended to.</summary>
    private double Bias(int batch, int head, int query, int key)
    {
        double bias = 0;
        if (_case.MaskExtents.Length > 0)
        {
            long[] extents = [.. Enumerable.Repeat(1L, 4 - _case.MaskExtents.Length), .. _case.MaskExtents];
            if (key >= extents[3])
                return double.NegativeInfinity;
            long at = ((batch % extents[0] * extents[1] + head % extents[1]) * extents[2] + query % extents[2]) * extents[3] + key;
            bias = _case.FloatMask?[at] ?? (_case.BoolMask![at] ? 0 : double.NegativeInfinity);
        }
        long before = _case.NonpadKeys is { } valid ? valid[batch] - _case.QueryRows : _case.Past ?? 0;
        bool hidden = (_case.IsCausal && key > query + before) || (_case.Left >= 0 && query + before - key > _case.Left)
            || (_case.Right >= 0 && key - query - before > _case.Right) || (_case.NonpadKeys is { } nonpad && key >= nonpad[batch]);
        return hidden ? double.NegativeInfinity : bias;
    }

    private void Show(int mode, int row, int key, double score)
    {
        if (_case.QkMode == mode)
            Qk[row * _case.Keys + key] = score;
    }

    private double[] Concatenate(float[] past, float[] added, int dim)
    {
        int before = (_case.Past ?? 0) * dim, after = _case.NewKeys * dim;
        return [.. Enumerable.Range(0, _case.Batch * _case.KeyHeads).SelectMany(head =>
            past.Skip(head * before).Take(before).Concat(added.Skip(head * after).Take(after)).Select(number => (double)number))];
    }
}
