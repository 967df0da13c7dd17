using Distributed.Engine.Files;

namespace Distributed.Engine.Tests.Files;

/// <summary>What bad input must lead to.</summary>
internal static class Refused
{
    /// <summary>Opening the file fails with exactly this sentence ({0} is the file), and leaves the folder as it was.</summary>
    public static void WhenOpened(string fileName, byte[] content, string sentence)
    {
        using var folder = new TempFolder();
        string path = folder.Write(fileName, content);
        var error = Assert.Throws<InputException>(() =>
        {
            using TensorFile file = TensorFile.Open(path);
            foreach (TensorInfo tensor in file.Tensors)
                file.Map(tensor.Name);
        });
        Assert.Equal(sentence.Replace("{0}", $"'{path}'", StringComparison.Ordinal), error.Message);
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal([fileName], folder.Names);
        // The mapping is gone too: the file can be locked by another.
        using FileStream alone = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
    }
}
