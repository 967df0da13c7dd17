using Distributed.Engine;

namespace Distributed.Silo.Access;

/// <summary>
/// The keys of a file, with a line for each: name, role, hash. A file that changes is read again, so keys come and go
/// while the server runs; while it cannot be read, or a line is none of a key, those that were read last are known. Without a file every caller is let in; such a server listens on the loopback interface alone.
/// </summary>
public sealed class KeyRing
{
    private static readonly TimeSpan LooksEvery = TimeSpan.FromSeconds(1);
    private readonly string? _path;
    private readonly Lock _lock = new();
    private Dictionary<string, ApiKey> _keys = [];
    private string? _told;
    private DateTime _changed;
    private long _looked;

    /// <summary>Reads the file.</summary>
    /// <param name="path">The file; null = no keys.</param>
    /// <exception cref="InputException">It cannot be read, or a line is none of a key.</exception>
    public KeyRing(string? path)
    {
        _path = path;
        if (path is not null)
            Read();
    }

    /// <summary>Told once, in a sentence, why the file that has changed cannot be used.</summary>
    public Action<string>? Tells { get; set; }

    /// <summary>Whether callers need a key.</summary>
    public bool AsksForKeys => _path is not null;

    /// <summary>Whose key it is; null when it is nobody's.</summary>
    public Caller? Find(string secret)
    {
        ReadIfChanged();
        return _keys.GetValueOrDefault(ApiKey.HashOf(secret))?.Caller;
    }

    /// <summary>Adds a new key to a file, which is made if need be.</summary>
    /// <returns>The key. It is told this once and kept nowhere.</returns>
    /// <exception cref="InputException">The name cannot be used.</exception>
    public static string Add(string path, Caller caller)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (caller.Name.Length is 0 or > 64 || !caller.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            throw new InputException($"Key name '{caller.Name}' cannot be used; 1 to 64 letters, digits, hyphens, dots and underscores are expected.");
        if (File.Exists(path) && Parse(path).Values.Any(key => key.Caller.Name == caller.Name))
            throw new InputException($"Key name '{caller.Name}' is taken in '{path}'; take its line out first, or give another name.");
        (string secret, ApiKey known) = ApiKey.Create(caller);
        File.AppendAllText(path, $"{known}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return secret;
    }

    private void ReadIfChanged()
    {
        if (_path is null || Environment.TickCount64 - Interlocked.Read(ref _looked) < LooksEvery.TotalMilliseconds)
            return;
        Interlocked.Exchange(ref _looked, Environment.TickCount64);
        if (File.GetLastWriteTimeUtc(_path) == _changed)
            return;
        try
        {
            Read();
            _told = null;
        }
        catch (InputException error)
        {
            // Callers cannot help it, and a file that is just being written will be whole in a moment.
            if (_told != error.Message)
                Tells?.Invoke(error.Message);
            _told = error.Message;
        }
    }

    private void Read()
    {
        lock (_lock)
        {
            DateTime changed = File.GetLastWriteTimeUtc(_path!);
            _keys = Parse(_path!);
            _changed = changed;
        }
    }

    private static Dictionary<string, ApiKey> Parse(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The file of keys '{path}' cannot be read: {error.Message}", error);
        }
        var keys = new Dictionary<string, ApiKey>();
        for (int i = 0; i < lines.Length; i++)
        {
            string[] parts = lines[i].Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (parts.Length == 0 || parts[0].StartsWith('#'))
                continue;
            keys[parts[^1]] = parts.Length == 3 && !char.IsDigit(parts[1][0]) && Enum.TryParse(parts[1], ignoreCase: true, out Role role) && Enum.IsDefined(role)
                && parts[2].Length == 64 && parts[2].All(char.IsAsciiHexDigitLower)
                ? new ApiKey(new Caller(parts[0], role), parts[2])
                : throw new InputException($"'{path}' line {i + 1} is no key; NAME read|submit|admin HASH is expected, HASH being 64 lower-case hexadecimal digits.");
        }
        return keys;
    }
}
