using Distributed.Engine.Files.Npy;

namespace Distributed.Engine.Files.Zip;

/// <summary>
/// An npz file: a zip archive of npy files, named for them. Stored members (np.savez) are read where they lie; deflated
/// ones (np.savez_compressed) are unpacked when they are first asked for.
/// </summary>
internal sealed class NpzFile : TensorFile
{
    private const string Suffix = ".npy";

    private readonly MappedFile _file;
    private readonly Dictionary<string, Member> _members;
    private readonly Dictionary<string, MappedFile> _unpacked = new(StringComparer.Ordinal);
    private readonly Lock _unpacking = new();

    public NpzFile(MappedFile file)
        : this(file, ZipDirectory.Read(file).Select(m => new Member(m, Header(file, m))).ToArray())
    {
    }

    private NpzFile(MappedFile file, IReadOnlyList<Member> members)
        : base(file.Path, members.Select(Info).ToArray())
    {
        _file = file;
        _members = members.ToDictionary(m => m.Name, StringComparer.Ordinal);
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        lock (_unpacking)
        {
            foreach (MappedFile unpacked in _unpacked.Values)
                unpacked.Dispose();
            _file.Dispose();
        }
    }

    private protected override MappedTensor Map(TensorInfo info)
    {
        (ZipMember zip, NpyHeader header) = _members[info.Name];
        if (!zip.Deflated)
            return new MappedTensor(info, _file, zip.DataStart + header.DataStart);
        lock (_unpacking)
        {
            if (!_unpacked.TryGetValue(info.Name, out MappedFile? unpacked))
            {
                unpacked = ZipInflater.Inflate(_file, zip);
                _unpacked.Add(info.Name, unpacked);
            }
            return new MappedTensor(info, unpacked, header.DataStart);
        }
    }

    private static NpyHeader Header(MappedFile file, ZipMember member)
    {
        string archive = Quoted.Path(file.Path);
        string name = Quoted.Name(member.Name);
        if (!member.Name.EndsWith(Suffix, StringComparison.Ordinal))
            throw new InputException($"{archive} holds the member {name}, where an npz file holds only .npy members.");
        int limit = (int)Math.Min(member.Length, NpyHeader.PrefixLimit);
        ReadOnlySpan<byte> prefix = member.Deflated
            ? ZipInflater.Prefix(file, member, limit)
            : file.Bytes(member.DataStart, limit);
        return NpyHeader.Read($"The member {name} of {archive}", prefix, member.Length);
    }

    private static TensorInfo Info(Member member)
    {
        NpyHeader header = member.Header;
        return new TensorInfo(member.Name, header.Type, header.Descriptor, header.Shape, header.DataLength);
    }

    private sealed record Member(ZipMember Zip, NpyHeader Header)
    {
        public string Name => Zip.Name[..^Suffix.Length];
    }
}
