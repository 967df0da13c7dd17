namespace Distributed.Engine.Files.Safetensors;

/// <summary>Checks that the tensors' data fills the rest of the file: no overlap, no hole, nothing left over.</summary>
internal static class SafetensorsLayout
{
    /// <summary>Checks the entries, in the order of their data, against the bytes behind the header.</summary>
    /// <exception cref="InputException">They do not fit.</exception>
    public static void Check(string file, IReadOnlyList<SafetensorsEntry> tensors, long dataLength)
    {
        long end = 0;
        string before = "the header";
        foreach (SafetensorsEntry tensor in tensors)
        {
            string name = Quoted.Name(tensor.Info.Name);
            if (tensor.Begin < end)
            {
                throw new InputException(
                    $"{file} places tensor {name} at byte {tensor.Begin}, where it overlaps {before}, which ends at {end}.");
            }
            if (tensor.Begin > end)
            {
                throw new InputException(
                    $"{file} has a hole of {tensor.Begin - end} bytes between {before} and tensor {name}, and the format allows none.");
            }
            if (tensor.End > dataLength)
            {
                throw new InputException(
                    $"{file} places tensor {name} at bytes {tensor.Begin} to {tensor.End}, but only {dataLength} bytes of data follow the header: it is cut off.");
            }
            end = tensor.End;
            before = $"tensor {name}";
        }
        if (end < dataLength)
        {
            throw new InputException(
                $"{file} has {dataLength - end} bytes behind {before} that belong to no tensor, and the format allows none.");
        }
    }
}
