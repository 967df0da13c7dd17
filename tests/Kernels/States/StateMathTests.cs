using Distributed.Kernels.Memory;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Tests.States;

public sealed unsafe class StateMathTests
{
    [Fact]
    public void Merge_of_two_states_weighs_each_by_its_maximum()
    {
        using NativeBuffer a = State(out AttentionState into, max: 3f, sum: 2f, output: 10f);
        using NativeBuffer b = State(out AttentionState other, max: 5f, sum: 1f, output: 7f);
        StateMath.Merge(into, other);
        Assert.Equal(5f, into.Max[0]);
        Assert.Equal(2f * 0.25f + 1f, into.Sum[0]);
        Assert.Equal(10f * 0.25f + 7f, into.OutputRow(0)[0]);
    }

    [Fact]
    public void Merge_with_a_state_that_saw_nothing_changes_nothing()
    {
        using NativeBuffer a = State(out AttentionState into, max: 3f, sum: 2f, output: 10f);
        using NativeBuffer b = State(out AttentionState nothing, max: float.NegativeInfinity, sum: 0f, output: 0f);
        StateMath.Merge(into, nothing);
        Assert.Equal((3f, 2f, 10f), (into.Max[0], into.Sum[0], into.OutputRow(0)[0]));
        StateMath.Merge(nothing, into);
        Assert.Equal((3f, 2f, 10f), (nothing.Max[0], nothing.Sum[0], nothing.OutputRow(0)[0]));
    }

    [Fact]
    public void Two_states_that_saw_nothing_merge_into_one()
    {
        using NativeBuffer a = State(out AttentionState into, float.NegativeInfinity, 0f, 0f);
        using NativeBuffer b = State(out AttentionState other, float.NegativeInfinity, 0f, 0f);
        StateMath.Merge(into, other);
        Assert.Equal(float.NegativeInfinity, into.Max[0]);
        Assert.Equal(0f, into.Sum[0]);
        Assert.Equal(float.NegativeInfinity, StateMath.LogSumExp(into, 0));
    }

    [Fact]
    public void States_of_another_shape_are_refused()
    {
        using NativeBuffer a = State(out AttentionState into, 0f, 1f, 1f);
        using var memory = new NativeBuffer(AttentionState.FloatsFor(2, 11) * sizeof(float));
        AttentionState other = AttentionState.At(memory.Floats, 2, 11);
        Assert.Throws<ArgumentException>(() => StateMath.Merge(into, other));
    }

    [Fact]
    public void Normalise_leaves_one_kind_of_NaN_and_of_zero()
    {
        using NativeBuffer a = State(out AttentionState state, 0f, 2f, 6f);
        state.OutputRow(0)[1] = -0f;
        state.OutputRow(0)[2] = BitConverter.Int32BitsToSingle(unchecked((int)0xFFC00123));
        state.OutputRow(0)[10] = -0f;
        var row = new float[11];
        StateMath.Normalise(state, 0, row);
        Assert.Equal(3f, row[0]);
        Assert.Equal(0, BitConverter.SingleToInt32Bits(row[1]));
        Assert.Equal(BitConverter.SingleToInt32Bits(float.NaN), BitConverter.SingleToInt32Bits(row[2]));
        Assert.Equal(0, BitConverter.SingleToInt32Bits(row[10]));
    }

    [Fact]
    public void LogSumExp_is_natural()
    {
        using NativeBuffer a = State(out AttentionState state, max: 4f, sum: 8f, output: 0f);
        Assert.Equal((float)(7 * Math.Log(2)), StateMath.LogSumExp(state, 0));
    }

    private static NativeBuffer State(out AttentionState state, float max, float sum, float output)
    {
        var memory = new NativeBuffer(AttentionState.FloatsFor(1, 11) * sizeof(float));
        state = AttentionState.At(memory.Floats, 1, 11);
        state.Reset();
        state.Max[0] = max;
        state.Sum[0] = sum;
        state.OutputRow(0).Fill(output);
        return memory;
    }
}
