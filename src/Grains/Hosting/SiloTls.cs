using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Distributed.Engine;

namespace Distributed.Grains.Hosting;

/// <summary>
/// How silos encrypt what passes between them and know one another: each has a certificate, and takes every one that the
/// cluster's own authority has signed. Names in certificates do not count, so the authority must sign for silos alone.
/// </summary>
public sealed class SiloTls
{
    private const string ServerPurpose = "1.3.6.1.5.5.7.3.1", ClientPurpose = "1.3.6.1.5.5.7.3.2", AnyName = "attend-silo";

    private readonly X509Certificate2Collection _authorities;

    private SiloTls(X509Certificate2 certificate, X509Certificate2Collection authorities) =>
        (Certificate, _authorities) = (certificate, authorities);

    /// <summary>This silo's certificate with its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Told why a silo was turned away.</summary>
    public Action<string>? Refused { get; set; }

    /// <summary>Reads PEM files.</summary>
    /// <param name="certificate">The silo's certificate.</param>
    /// <param name="key">Its private key.</param>
    /// <param name="authorities">The cluster's authority; intermediate ones too, if there are any.</param>
    /// <exception cref="InputException">A file is missing, or is not what it should be.</exception>
    public static SiloTls Read(string certificate, string key, string authorities)
    {
        try
        {
            var trusted = new X509Certificate2Collection();
            trusted.ImportFromPemFile(authorities);
            var tls = new SiloTls(X509Certificate2.CreateFromPemFile(certificate, key), trusted);
            if (tls.WhyNot(tls.Certificate, ServerPurpose) is { } why)
                throw new InputException($"The certificate '{certificate}' is not one that the authority '{authorities}' has signed for silos: {why}.");
            return tls;
        }
        catch (Exception error) when (error is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The certificate '{certificate}' with key '{key}' and authority '{authorities}' cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Whether a silo that called may be answered.</summary>
    public bool TakesCaller(X509Certificate2? certificate) => Takes(certificate, ClientPurpose);

    /// <summary>Whether a silo that was called may be talked to.</summary>
    public bool TakesListener(X509Certificate2? certificate) => Takes(certificate, ServerPurpose);

    /// <summary>The calling end of a stream.</summary>
    /// <exception cref="IOException">The other end is no silo of this cluster.</exception>
    internal async Task<Stream> CallAsync(Stream plain, CancellationToken cancellation)
    {
        var stream = new SslStream(plain);
        await AuthenticateAsync(stream.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = AnyName,
                ClientCertificates = [Certificate],
                RemoteCertificateValidationCallback = (_, certificate, _, _) => TakesListener(certificate as X509Certificate2),
            }, cancellation)).ConfigureAwait(false);
        return stream;
    }

    /// <summary>The listening end of a stream.</summary>
    /// <exception cref="IOException">The other end is no silo of this cluster.</exception>
    internal async Task<Stream> AnswerAsync(Stream plain, CancellationToken cancellation)
    {
        var stream = new SslStream(plain);
        await AuthenticateAsync(stream.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = Certificate,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => TakesCaller(certificate as X509Certificate2),
            }, cancellation)).ConfigureAwait(false);
        return stream;
    }

    private static async Task AuthenticateAsync(Task handshake)
    {
        try
        {
            await handshake.ConfigureAwait(false);
        }
        catch (AuthenticationException error)
        {
            throw new IOException($"TLS was not agreed on: {error.Message}", error);
        }
    }

    private bool Takes(X509Certificate2? certificate, string purpose)
    {
        string? why = certificate is null ? "it has no certificate" : WhyNot(certificate, purpose);
        if (why is not null)
            Refused?.Invoke($"{certificate?.Subject ?? "A caller"}: {why}");
        return why is null;
    }

    private string? WhyNot(X509Certificate2 certificate, string purpose)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(purpose));
        foreach (X509Certificate2 authority in _authorities)
        {
            if (authority.SubjectName.RawData.AsSpan().SequenceEqual(authority.IssuerName.RawData))
                chain.ChainPolicy.CustomTrustStore.Add(authority);
            else
                chain.ChainPolicy.ExtraStore.Add(authority);
        }
        return chain.Build(certificate) ? null : string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation.Trim().TrimEnd('.')).Distinct());
    }
}
