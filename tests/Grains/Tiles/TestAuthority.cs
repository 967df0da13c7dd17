using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Distributed.Grains.Tests.Tiles;

/// <summary>A certificate authority of a cluster, and certificates for its silos, as PEM files in a folder.</summary>
internal sealed class TestAuthority : IDisposable
{
    private static readonly OidCollection Silo = [new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")];

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private readonly string _folder;
    private readonly string _name;

    public TestAuthority(string folder, string name)
    {
        (_folder, _name) = (folder, name);
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        File.WriteAllText(Path, _certificate.ExportCertificatePem());
    }

    /// <summary>The authority's own certificate.</summary>
    public string Path => System.IO.Path.Combine(_folder, $"{_name}.pem");

    /// <summary>Signs a certificate for a silo.</summary>
    public (string Certificate, string Key) Sign(string silo)
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={silo}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(Silo, false));
        using X509Certificate2 signed = request.Create(
            _certificate, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(10), RandomNumberGenerator.GetBytes(8));
        (string certificate, string keyFile) = (System.IO.Path.Combine(_folder, $"{_name}.{silo}.pem"), System.IO.Path.Combine(_folder, $"{_name}.{silo}.key"));
        File.WriteAllText(certificate, signed.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return (certificate, keyFile);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }
}
