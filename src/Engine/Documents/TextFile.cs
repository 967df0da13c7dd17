using System.Text;
using Distributed.Engine.Files;

namespace Distributed.Engine.Documents;

/// <summary>Reads a text file as UTF-8, and refuses what is not one.</summary>
public static class TextFile
{
    private const long LargestFile = 1L << 30;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The whole text of a file, without the byte order mark it may begin with.</summary>
    /// <exception cref="InputException">The file is missing, unreadable, empty, larger than 1 GiB, binary, or not
    /// UTF-8.</exception>
    public static string Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Decode(ReadBytes(path), path);
    }

    /// <summary>The text that bytes hold.</summary>
    /// <param name="bytes">UTF-8, with or without a byte order mark.</param>
    /// <param name="name">What to call them in an error.</param>
    /// <exception cref="InputException">They are none, or binary, or not UTF-8.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF]))
            throw new InputException($"The file {Quoted.Path(name)} begins with a UTF-16 byte order mark: UTF-8 text was expected.");
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF]))
            bytes = bytes[3..];
        if (bytes.IsEmpty)
            throw new InputException($"The file {Quoted.Path(name)} is empty: a text was expected.");
        int nul = bytes.IndexOf((byte)0);
        if (nul >= 0)
            throw new InputException($"The file {Quoted.Path(name)} is binary (byte {nul + 1} is NUL): UTF-8 text was expected.");
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException invalid)
        {
            int line = FirstInvalidLine(bytes);
            throw new InputException($"The file {Quoted.Path(name)} is not UTF-8 on line {line}: UTF-8 text was expected.", invalid);
        }
    }

    private static byte[] ReadBytes(string path)
    {
        if (Directory.Exists(path))
            throw new InputException($"{Quoted.Path(path)} is a directory: a text file was expected.");
        try
        {
            using FileStream file = File.OpenRead(path);

            // A pipe has no length; it is read to its end, or to one byte more than may be.
            if (file.CanSeek && file.Length > LargestFile)
                throw TooLarge(path);
            using var bytes = new MemoryStream();
            var chunk = new byte[1 << 20];
            for (int read; (read = file.Read(chunk)) > 0;)
            {
                if (bytes.Length + read > LargestFile)
                    throw TooLarge(path);
                bytes.Write(chunk, 0, read);
            }
            return bytes.ToArray();
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException($"The file {Quoted.Path(path)} does not exist: a text file was expected.", missing);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The file {Quoted.Path(path)} cannot be read ({unreadable.Message.TrimEnd('.')}).", unreadable);
        }
    }

    private static InputException TooLarge(string path) =>
        new($"The file {Quoted.Path(path)} is larger than 1 GiB: a text of at most {LargestFile} bytes was expected.");

    private static int FirstInvalidLine(ReadOnlySpan<byte> bytes)
    {
        int line = 1;
        while (Rune.DecodeFromUtf8(bytes, out Rune rune, out int used) == System.Buffers.OperationStatus.Done)
        {
            line += rune.Value == '\n' ? 1 : 0;
            bytes = bytes[used..];
        }
        return line;
    }
}
