using Distributed.Engine.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Analytics;

/// <summary>
/// Attention rollout over a stack of layers (Abnar and Zuidema, "Quantifying Attention Flow in Transformers", 2020, section
/// 3): R = Â_L ⋯ Â_1 with Â = residual · I + (1 − residual) · A, rows of each product made to sum to 1. It is done on cells:
/// A of a layer is the attention that the rows of a cell give to the keys of another, on average, from its
/// <c>pooled_mean</c>. With cells of one row it is the rollout itself.
/// </summary>
public static class Rollout
{
    /// <summary>Most cells each way: a product of two such matrices takes some seconds.</summary>
    public const int MaxCells = 2048;

    /// <summary>Works it out of finished jobs and writes <c>rollout [B, P, N, N]</c>.</summary>
    /// <param name="layers">Output files of the layers, the first layer first, each with <c>pooled_mean</c> and <c>lse</c>.</param>
    /// <param name="output">The file to write.</param>
    /// <param name="residual">The share of the residual connection, 0 to 1; 0.5 in the paper.</param>
    /// <param name="cancellation">Stops it; nothing is left behind.</param>
    /// <returns>Batch entries, matrices of each, cells each way, rows in a cell.</returns>
    /// <exception cref="InputException">A file cannot be used, or the layers do not fit one another.</exception>
    public static (int Batch, int Planes, int Cells, int RowsPerCell) Write(
        IReadOnlyList<string> layers, string output, double residual, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(layers);
        if (layers.Count == 0)
            throw new InputException("There are no layers to roll out; output files of attend run --analytics pooled:N are expected.");
        if (residual is not (>= 0 and <= 1))
            throw new InputException($"Residual {residual} is out of range; 0 to 1 is expected.");
        Layer first = Layer.Read(layers[0]);
        double[][] rolled = [.. first.Planes.Select(plane => Mixed(plane, first.Cells, residual))];
        foreach (string path in layers.Skip(1))
        {
            Layer layer = Layer.Read(path);
            if ((layer.Batch, layer.Planes.Length, layer.Rows, layer.Cells) != (first.Batch, first.Planes.Length, first.Rows, first.Cells))
            {
                throw new InputException(
                    $"{Quoted.Path(path)} has {layer.Planes.Length} matrices of {layer.Rows} rows in {layer.Cells} cells, but {Quoted.Path(layers[0])} has {first.Planes.Length} of {first.Rows} in {first.Cells}: layers of one stack are expected.");
            }
            for (int plane = 0; plane < rolled.Length; plane++)
                rolled[plane] = Product(Mixed(layer.Planes[plane], layer.Cells, residual), rolled[plane], layer.Cells, cancellation);
        }
        int planes = first.Planes.Length / first.Batch;
        using TensorFileWriter writer = TensorFileWriter.Create(
            output, [new TensorSpec("rollout", ElementType.F32, first.Batch, planes, first.Cells, first.Cells)], inputs: layers);
        for (int plane = 0; plane < rolled.Length; plane++)
            writer["rollout"].Write((long)plane * first.Cells * first.Cells, [.. rolled[plane].Select(share => (float)share)]);
        cancellation.ThrowIfCancellationRequested();
        writer.Commit();
        return (first.Batch, planes, first.Cells, first.RowsPerCell);
    }

    private static double[] Mixed(double[] attention, int cells, double residual)
    {
        var mixed = new double[attention.Length];
        for (int row = 0; row < cells; row++)
        {
            double sum = 0;
            for (int key = 0; key < cells; key++)
                sum += mixed[row * cells + key] = (1 - residual) * attention[row * cells + key] + (row == key ? residual : 0);
            for (int key = 0; key < cells && sum > 0; key++)
                mixed[row * cells + key] /= sum;
        }
        return mixed;
    }

    private static double[] Product(double[] left, double[] right, int cells, CancellationToken cancellation)
    {
        var product = new double[left.Length];
        Parallel.For(0, cells, new ParallelOptions { CancellationToken = cancellation }, row =>
        {
            Span<double> into = product.AsSpan(row * cells, cells);
            for (int middle = 0; middle < cells; middle++)
            {
                double share = left[row * cells + middle];
                if (share != 0)
                    System.Numerics.Tensors.TensorPrimitives.FusedMultiplyAdd(right.AsSpan(middle * cells, cells), share, into, into);
            }
        });
        return product;
    }

    private sealed record Layer(int Batch, long Rows, int Cells, int RowsPerCell, double[][] Planes)
    {
        public static Layer Read(string path)
        {
            using TensorFile file = TensorFile.Open(path);
            MappedTensor pooled = file.Map("pooled_mean");
            long[] shape = pooled.Info.Shape, ofRows = file.Map("lse").Info.Shape;
            if (shape.Length != 4 || ofRows.Length != 3 || shape[2] != shape[3])
                throw new InputException($"{Quoted.Path(path)} has pooled_mean of {pooled.Info.ShapeText}; as many rows as keys are expected, [B, P, N, N].");
            if (shape[2] > MaxCells)
                throw new InputException($"{Quoted.Path(path)} has {shape[2]} cells each way; at most {MaxCells} are rolled out (--analytics pooled:{MaxCells}).");
            (int cells, long rows, int size) = ((int)shape[2], ofRows[2], 1);
            while ((rows - 1) / size + 1 > cells)
                size *= 2;
            var numbers = new float[pooled.Info.ElementCount];
            pooled.ReadF32(0, numbers);
            // A mean over keys times the keys of the cell is the share that the cell gets.
            double[][] planes = [.. numbers.Chunk(cells * cells).Select(plane => plane.Select(
                (mean, i) => mean * (double)Math.Min(size, rows - (long)(i % cells) * size)).ToArray())];
            return new Layer((int)shape[0], rows, cells, size, planes);
        }
    }
}
