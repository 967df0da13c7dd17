namespace Distributed.Engine.Files.Npy;

/// <summary>An npy file: one array, which has no name of its own.</summary>
internal sealed class NpyFile : TensorFile
{
    private readonly MappedFile _file;
    private readonly NpyHeader _header;

    public NpyFile(MappedFile file, string name)
        : this(file, name, NpyHeader.Read(
            Quoted.Path(file.Path), file.Bytes(0, (int)Math.Min(file.Length, NpyHeader.PrefixLimit)), file.Length))
    {
    }

    private NpyFile(MappedFile file, string name, NpyHeader header)
        : base(file.Path, [new TensorInfo(name, header.Type, header.Descriptor, header.Shape, header.DataLength)])
    {
        _file = file;
        _header = header;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _file.Dispose();
    }

    private protected override MappedTensor Map(TensorInfo info) => new(info, _file, _header.DataStart);
}
