using Distributed.Engine.Analytics;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.Analytics;

public sealed class RolloutTests : IDisposable
{
    private const int Rows = 37, Heads = 2, Dim = 5;

    private readonly string _folder = Directory.CreateTempSubdirectory("rollout").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(64, 1)]
    [InlineData(10, 4)]
    public async Task It_is_the_product_of_the_layers(int pooled, int cell)
    {
        string[] layers = await Task.WhenAll(Enumerable.Range(0, 3).Select(layer => LayerAsync(layer, pooled)));
        string output = Path.Combine(_folder, "rollout.safetensors");

        (int _, int planes, int cells, int rowsPerCell) = Rollout.Write(layers, output, 0.3, default);

        Assert.Equal((Heads, (Rows + cell - 1) / cell, cell), (planes, cells, rowsPerCell));
        float[] actual = Read(output, "rollout");
        for (int head = 0; head < Heads; head++)
        {
            double[,]? rolled = null;
            foreach (string layer in layers)
            {
                double[,] mixed = Mixed(Read(layer, "pooled_mean").AsSpan(head * cells * cells, cells * cells).ToArray(), cells, cell);
                rolled = rolled is null ? mixed : Product(mixed, rolled, cells);
            }
            for (int i = 0; i < cells * cells; i++)
                Assert.Equal(rolled![i / cells, i % cells], actual[head * cells * cells + i], 1e-6);
            for (int row = 0; row < cells; row++)
                Assert.Equal(1, actual.AsSpan((head * cells + row) * cells, cells).ToArray().Sum(), 1e-5);
        }
    }

    [Fact]
    public async Task Layers_of_different_stacks_are_refused()
    {
        string[] layers = [await LayerAsync(0, 64), await LayerAsync(1, 10)];
        string output = Path.Combine(_folder, "rollout.safetensors");
        Assert.Contains("layers of one stack", Assert.Throws<InputException>(() => Rollout.Write(layers, output, 0.5, default)).Message, StringComparison.Ordinal);
        Assert.Contains("Residual 2", Assert.Throws<InputException>(() => Rollout.Write(layers, output, 2, default)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(output));
    }

    private async Task<string> LayerAsync(int layer, int pooled)
    {
        string input = Path.Combine(_folder, $"in{layer}.{pooled}.safetensors"), output = Path.Combine(_folder, $"out{layer}.{pooled}.safetensors");
        using (TensorFileWriter writer = TensorFileWriter.Create(input, [.. new[] { "q", "k", "v" }.Select(name => new TensorSpec(name, ElementType.F32, 1, Heads, Rows, Dim))]))
        {
            var random = new Random(layer);
            foreach (string name in new[] { "q", "k", "v" })
                writer[name].Write(0, [.. Enumerable.Range(0, Heads * Rows * Dim).Select(_ => random.NextSingle() * 3 - 1)]);
            writer.Commit();
        }
        await FileJob.RunAsync(new FileJobSpecification
        {
            Inputs = TensorPaths.InOneFile(input),
            Output = output,
            Analytics = new AnalyticsOptions { Pooled = pooled },
            Options = new AttentionOptions { Threads = 1, Causal = CausalAlignment.TopLeft },
        });
        return output;
    }

    private static double[,] Mixed(float[] mean, int cells, int cell)
    {
        var mixed = new double[cells, cells];
        for (int row = 0; row < cells; row++)
        {
            double[] shares = [.. Enumerable.Range(0, cells).Select(key => 0.7 * mean[row * cells + key] * Math.Min(cell, Rows - key * cell) + (row == key ? 0.3 : 0))];
            for (int key = 0; key < cells; key++)
                mixed[row, key] = shares[key] / shares.Sum();
        }
        return mixed;
    }

    private static double[,] Product(double[,] left, double[,] right, int cells)
    {
        var product = new double[cells, cells];
        for (int i = 0; i < cells * cells; i++)
            product[i / cells, i % cells] = Enumerable.Range(0, cells).Sum(middle => left[i / cells, middle] * right[middle, i % cells]);
        return product;
    }

    private static float[] Read(string path, string name)
    {
        using TensorFile file = TensorFile.Open(path);
        MappedTensor tensor = file.Map(name);
        var numbers = new float[tensor.Info.ElementCount];
        tensor.ReadF32(0, numbers);
        return numbers;
    }
}
