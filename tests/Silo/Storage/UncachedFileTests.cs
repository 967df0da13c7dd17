using Distributed.Silo.Storage;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Silo.Tests.Storage;

public sealed class UncachedFileTests
{
    /// <summary>On a disk, and on a file system of memory, which may not know of writing past the cache.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("/dev/shm")]
    public void Bytes_lie_where_they_were_written_past_the_cache_or_not(string place)
    {
        string folder = place.Length == 0 ? Path.GetTempPath() : place;
        Assert.SkipUnless(Directory.Exists(folder), $"There is no {folder}.");
        string path = Path.Combine(folder, $"uncached-{Guid.NewGuid():n}");
        Memory<byte> buffer = UncachedFile.Buffer(3 * UncachedFile.Alignment);
        new Random(1).NextBytes(buffer.Span);
        var expected = new byte[10 * UncachedFile.Alignment];
        try
        {
            using (SafeFileHandle handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None))
            {
                var file = new UncachedFile(handle);
                foreach ((int from, int bytes, int offset) in new[]
                {
                    (0, 3 * UncachedFile.Alignment, 0), (1, UncachedFile.Alignment, 3 * UncachedFile.Alignment), (0, 100, 4 * UncachedFile.Alignment),
                    (0, UncachedFile.Alignment, 4 * UncachedFile.Alignment + 100), (0, UncachedFile.Alignment, 6 * UncachedFile.Alignment), (5, 0, 3),
                    (UncachedFile.Alignment, 2 * UncachedFile.Alignment, 8 * UncachedFile.Alignment),
                })
                {
                    file.Write(buffer.Span.Slice(from, bytes), offset);
                    buffer.Span.Slice(from, bytes).CopyTo(expected.AsSpan(offset));
                }
                RandomAccess.FlushToDisk(handle);
            }

            Assert.Equal(expected, File.ReadAllBytes(path));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
