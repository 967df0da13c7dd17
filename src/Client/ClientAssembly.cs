namespace Distributed.Client;

/// <summary>Marks this assembly.</summary>
public static class ClientAssembly
{
    /// <summary>The version of the HTTP API that this client speaks.</summary>
    public const string ApiVersion = "v1";
}
