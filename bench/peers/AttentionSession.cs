using System.Diagnostics;
using System.Globalization;
using Distributed.Engine;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Memory;

namespace Distributed.Peers.Benchmarks;

/// <summary>
/// One attention, its inputs in private memory, run as often as it is told to. A run is the whole call that a user of the
/// engine makes: planning, threads and packing. The result goes where the one before lay, as in the peers, whose allocators
/// keep what is given back to them.
/// </summary>
internal sealed class AttentionSession : IDisposable
{
    private readonly List<NativeBuffer> _memory;
    private readonly AttentionInput _input;
    private readonly AttentionOptions _options;
    private MemorySink? _result;

    private AttentionSession(List<NativeBuffer> memory, AttentionInput input, AttentionOptions options)
    {
        _memory = memory;
        _input = input;
        _options = options;
    }

    /// <summary>Reads q, k and v, <c>[batch, heads, rows, dim]</c>, of a file into memory.</summary>
    /// <exception cref="InputException">The file does not hold them.</exception>
    public static AttentionSession Load(string path, bool causal, int threads)
    {
        var options = new AttentionOptions { Threads = threads, Causal = causal ? CausalAlignment.TopLeft : null };
        options.Validate();
        using TensorFile file = TensorFile.Open(path);
        var memory = new List<NativeBuffer>();
        try
        {
            HeadTensor q = Copy(file.Map("q"), memory), k = Copy(file.Map("k"), memory), v = Copy(file.Map("v"), memory);
            return new AttentionSession(memory, new AttentionInput(q, k, v), options);
        }
        catch
        {
            memory.ForEach(buffer => buffer.Dispose());
            throw;
        }
    }

    /// <summary>
    /// Obeys <c>run N wall</c> with the seconds that N calls took, <c>run N cpu</c> with the processor seconds of all
    /// threads that they took, and <c>write PATH</c> with <c>written</c>.
    /// </summary>
    /// <exception cref="InputException">The command is none of these.</exception>
    public async Task<string> DoAsync(string command)
    {
        switch (command.Split(' ', 3))
        {
            case ["run", string times, ("wall" or "cpu") and var clock] when int.TryParse(times, out int calls) && calls > 0:
                TimeSpan started = Now(clock);
                for (int call = 0; call < calls; call++)
                {
                    _result = _result is null ? new MemorySink(_input.Shape) : new MemorySink(_input.Shape, _result);
                    await EmbeddedEngine.RunAsync(_input, _options, _result);
                }
                return (Now(clock) - started).TotalSeconds.ToString("R", CultureInfo.InvariantCulture);
            case ["write", string path] when _result is not null:
                Write(path, _result);
                return "written";
            default:
                throw new InputException($"Command '{command}' is not known; run N wall, run N cpu, write PATH (after a run) or quit is expected.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory.ForEach(buffer => buffer.Dispose());
    }

    private static TimeSpan Now(string clock) =>
        clock == "cpu" ? Environment.CpuUsage.TotalTime : Stopwatch.GetElapsedTime(0);

    private void Write(string path, MemorySink result)
    {
        AttentionShape shape = _input.Shape;
        using var file = TensorFileWriter.Create(
            path, [new TensorSpec("o", FileElementType.F32, [shape.Batch, shape.QueryHeads, shape.QueryRows, shape.ValueDim])]);
        file["o"].Write(0, result.Output);
        file.Commit();
    }

    private static unsafe HeadTensor Copy(MappedTensor tensor, List<NativeBuffer> memory)
    {
        TensorInfo info = tensor.Info;
        if (info.Shape.Length != 4 || info.ElementType is not { } type)
            throw new InputException($"{info} is not of shape [batch, heads, rows, dim] with F32, F16 or BF16 elements.");
        var buffer = new NativeBuffer((nuint)info.ByteLength);
        memory.Add(buffer);
        Buffer.MemoryCopy((void*)tensor.Start, buffer.Pointer, buffer.Length, buffer.Length);
        return HeadTensor.Dense(
            (nint)buffer.Pointer, type, HeadLayout.Bhsd, checked((int)info.Shape[0]), checked((int)info.Shape[1]),
            info.Shape[2], checked((int)info.Shape[3]));
    }
}
