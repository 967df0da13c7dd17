using System.Security.Claims;

namespace Distributed.Silo.Access;

/// <summary>What a caller may do; each role may do all that those before it may.</summary>
public enum Role
{
    /// <summary>Look at everything, download everything.</summary>
    Read,

    /// <summary>Upload, submit jobs, and change what is one's own.</summary>
    Submit,

    /// <summary>Change what is others'.</summary>
    Admin,
}

/// <summary>Who makes a request.</summary>
/// <param name="Name">Name of the key.</param>
/// <param name="Role">What it may do.</param>
public sealed record Caller(string Name, Role Role)
{
    /// <summary>Whoever calls a server that listens on the loopback interface and has no keys.</summary>
    public static Caller Local { get; } = new("local", Role.Admin);

    /// <summary>The caller as ASP.NET Core knows it.</summary>
    public ClaimsPrincipal ToPrincipal(string scheme) => new(new ClaimsIdentity(
        [new Claim(ClaimTypes.Name, Name), .. Enum.GetValues<Role>().Where(role => role <= Role).Select(role => new Claim(ClaimTypes.Role, role.ToString()))],
        scheme));

    /// <summary>The caller of a request that was let in.</summary>
    public static Caller Of(ClaimsPrincipal user)
    {
        ArgumentNullException.ThrowIfNull(user);
        return new Caller(user.Identity?.Name ?? "", Enum.GetValues<Role>().Where(role => user.IsInRole(role.ToString())).DefaultIfEmpty().Max());
    }

    /// <summary>Whether the caller may change what belongs to <paramref name="owner"/>.</summary>
    public bool MayChange(string owner) => Role == Role.Admin || (Role == Role.Submit && Name == owner);
}
