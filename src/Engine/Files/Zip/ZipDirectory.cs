using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;

namespace Distributed.Engine.Files.Zip;

/// <summary>
/// The directory of a zip archive with ZIP64 sizes (PKWARE APPNOTE.TXT 6.3, sections 4.3 and 4.5.3).
/// <c>System.IO.Compression.ZipArchive</c> does not tell where a member's bytes lie, which mapping them in place needs.
/// </summary>
internal sealed class ZipDirectory
{
    private const uint LocalSignature = 0x04034b50;
    private const uint CentralSignature = 0x02014b50;
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint Locator64Signature = 0x07064b50;
    private const int LocalLength = 30;
    private const int CentralLength = 46;
    private const int EndLength = 22;
    private const int End64Length = 56;
    private const int Locator64Length = 20;
    private const int Extra64 = 1;

    private readonly MappedFile _file;
    private readonly string _name;

    private ZipDirectory(MappedFile file)
    {
        _file = file;
        _name = Quoted.Path(file.Path);
    }

    /// <summary>Whether a file begins as zip archives do.</summary>
    public static bool HasMagic(MappedFile file) => file.Length >= EndLength
        && BinaryPrimitives.ReadUInt32LittleEndian(file.Bytes(0, 4)) is LocalSignature or EndSignature;

    /// <summary>The archive's members, in the order of their bytes.</summary>
    /// <exception cref="InputException">The archive is damaged, or packed in a way this project does not read.</exception>
    public static IReadOnlyList<ZipMember> Read(MappedFile file) => new ZipDirectory(file).Members();

    private List<ZipMember> Members()
    {
        (long start, long end, long count) = FindDirectory();
        var members = new List<ZipMember>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        long at = start;
        for (long i = 0; i < count; i++)
        {
            ZipMember member = Member(ref at, start, end);
            if (!names.Add(member.Name))
                throw Fault($"holds the member {Quoted.Name(member.Name)} twice");
            members.Add(member);
        }
        if (at != end)
            throw Damaged("its directory is longer than its members");
        members.Sort((a, b) => a.DataStart.CompareTo(b.DataStart));
        for (int i = 1; i < members.Count; i++)
        {
            if (members[i - 1].DataStart + members[i - 1].PackedLength > members[i].DataStart - LocalLength)
                throw Damaged($"{Quoted.Name(members[i - 1].Name)} and {Quoted.Name(members[i].Name)} overlap");
        }
        return members;
    }

    /// <summary>Where the central directory lies and how many members it lists.</summary>
    private (long Start, long End, long Count) FindDirectory()
    {
        long at = FindEnd();
        ReadOnlySpan<byte> end = Bytes(at, EndLength, "its end record");
        if (U16(end, 4) != 0 || U16(end, 6) != 0 || U16(end, 8) != U16(end, 10))
            throw Fault("is one part of a zip archive in several");
        long count = U16(end, 10);
        long size = U32(end, 12);
        long start = U32(end, 16);
        long directoryEnd = at;
        if (count == ushort.MaxValue || size == uint.MaxValue || start == uint.MaxValue)
        {
            ReadOnlySpan<byte> locator = Bytes(at - Locator64Length, Locator64Length, "its ZIP64 locator");
            if (U32(locator, 0) != Locator64Signature)
                throw Damaged("its ZIP64 locator is missing");
            directoryEnd = I64(locator, 8);
            ReadOnlySpan<byte> end64 = Bytes(directoryEnd, End64Length, "its ZIP64 end record");
            if (U32(end64, 0) != End64Signature)
                throw Damaged("its ZIP64 end record is missing");
            (count, size, start) = (I64(end64, 32), I64(end64, 40), I64(end64, 48));
        }
        if (start > directoryEnd || size != directoryEnd - start)
            throw Damaged("its directory is not where the end record says");
        return (start, directoryEnd, count);
    }

    /// <summary>The end record lies last, before a comment of at most 65,535 bytes.</summary>
    private long FindEnd()
    {
        for (long at = _file.Length - EndLength; at >= Math.Max(0, _file.Length - EndLength - ushort.MaxValue); at--)
        {
            ReadOnlySpan<byte> end = _file.Bytes(at, EndLength);
            if (U32(end, 0) == EndSignature && at + EndLength + U16(end, 20) == _file.Length)
                return at;
        }
        throw Fault("is no whole zip archive: it has no end record, so it is cut off or no npz file");
    }

    private ZipMember Member(ref long at, long directoryStart, long directoryEnd)
    {
        ReadOnlySpan<byte> entry = Bytes(at, CentralLength, "its directory");
        if (U32(entry, 0) != CentralSignature || at + CentralLength > directoryEnd)
            throw Damaged("its directory ends before its members do");
        int flags = U16(entry, 8);
        int method = U16(entry, 10);
        long packed = U32(entry, 20);
        long length = U32(entry, 24);
        long local = U32(entry, 42);
        (int nameLength, int extraLength, int commentLength) = (U16(entry, 28), U16(entry, 30), U16(entry, 32));
        string name = Name(Bytes(at + CentralLength, nameLength, "its directory"));
        ReadOnlySpan<byte> extra = Bytes(at + CentralLength + nameLength, extraLength, "its directory");
        Widen(extra, name, ref length, ref packed, ref local);
        at += CentralLength + nameLength + extraLength + commentLength;
        string member = Quoted.Name(name);
        if ((flags & 1) != 0)
            throw Fault($"holds the encrypted member {member}, and encrypted archives are not read");
        if (method is not (0 or 8))
        {
            throw Fault(
                $"holds the member {member} compressed by zip method {method}, where stored (0) or deflated (8) is expected");
        }
        if (method == 0 && packed != length)
            throw Damaged($"the stored member {member} has two lengths, {packed} and {length}");
        ReadOnlySpan<byte> header = Bytes(local, LocalLength, $"the header of {member}");
        long dataStart = local + LocalLength + U16(header, 26) + U16(header, 28);
        if (U32(header, 0) != LocalSignature || U16(header, 8) != method
            || Name(Bytes(local + LocalLength, U16(header, 26), $"the header of {member}")) != name)
        {
            throw Damaged($"the header of {member} is not what its directory says");
        }
        if (dataStart > directoryStart || packed > directoryStart - dataStart)
            throw Damaged($"the data of {member} runs past its place");
        return new ZipMember(name, method == 8, U32(entry, 16), packed, length, dataStart);
    }

    /// <summary>Takes from the ZIP64 field those numbers that did not fit in 32 bits (APPNOTE 4.5.3).</summary>
    private void Widen(ReadOnlySpan<byte> extra, string name, ref long length, ref long packed, ref long local)
    {
        while (extra.Length >= 4)
        {
            (int id, int size) = (U16(extra, 0), U16(extra, 2));
            if (size > extra.Length - 4)
                throw Damaged($"the extra fields of {Quoted.Name(name)} run past their place");
            ReadOnlySpan<byte> field = extra.Slice(4, size);
            extra = extra[(4 + size)..];
            if (id != Extra64)
                continue;
            Widen(ref field, name, ref length);
            Widen(ref field, name, ref packed);
            Widen(ref field, name, ref local);
        }
    }

    private void Widen(ref ReadOnlySpan<byte> field, string name, ref long number)
    {
        if (number != uint.MaxValue)
            return;
        if (field.Length < sizeof(long))
            throw Damaged($"the ZIP64 field of {Quoted.Name(name)} is too short");
        number = I64(field, 0);
        field = field[sizeof(long)..];
    }

    private static string Name(ReadOnlySpan<byte> name) =>
        (Utf8.IsValid(name) ? Encoding.UTF8 : Encoding.Latin1).GetString(name);

    private ReadOnlySpan<byte> Bytes(long at, int length, string what) => at >= 0 && at <= _file.Length - length
        ? _file.Bytes(at, length)
        : throw Damaged($"{what} runs past its place");

    private long I64(ReadOnlySpan<byte> bytes, int at)
    {
        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
        return number <= long.MaxValue ? (long)number : throw Damaged($"it holds the ZIP64 number {number}");
    }

    private static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static int U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private InputException Damaged(string what) => Fault($"is a damaged zip archive: {what}");

    private InputException Fault(string what) => new($"{_name} {what}.");
}
