using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Distributed.Client;
using Distributed.Engine;

namespace Distributed.Silo.Tests.Hosting;

/// <summary>TLS by configuration, with a certificate that the test makes itself.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("https-").FullName;
    private readonly X509Certificate2 _certificate;

    public TlsTests()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
        File.WriteAllText(Certificate, _certificate.ExportCertificatePem());
        File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
    }

    private string Certificate => Path.Combine(_folder, "cert.pem");

    private string Key => Path.Combine(_folder, "key.pem");

    public void Dispose()
    {
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Jobs_and_files_go_over_an_encrypted_connection_alone()
    {
        await using TestSilo silo = await TestSilo.StartAsync(null, "--tls-certificate", Certificate, "--tls-key", Key);
        Uri address = silo.Http.BaseAddress!;
        Assert.Equal("https", address.Scheme);
        using var client = new SiloClient(new SiloClientOptions { Silos = [address], Handler = Trusting });
        string input = Path.Combine(_folder, "in.safetensors"), output = Path.Combine(_folder, "out.safetensors");
        await File.WriteAllBytesAsync(input, TestTensors.Qkv(2, 300, 8));

        await client.UploadAsync(StoredKind.Tensors, "in.safetensors", input);
        JobStatus job = await client.SubmitAsync("""{"version":1,"input":"tensor:in.safetensors"}""");
        await foreach (JobStatus status in client.WatchAsync(job.Id))
            job = status;
        await client.FetchAsync(job.Id, output);

        Assert.Equal("finished", job.State);
        Assert.True(new FileInfo(output).Length > 0);
        // Whoever does not know the certificate does not talk to it, and it talks to nobody in plain text.
        HttpRequestException unknown = await Assert.ThrowsAsync<HttpRequestException>(() => silo.Http.GetAsync("v1/jobs"));
        Assert.Equal(HttpRequestError.SecureConnectionError, unknown.HttpRequestError);
        using var plain = new HttpClient();
        await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetAsync(new UriBuilder(address) { Scheme = "http" }.Uri));
        Assert.True(await VersionAsync(address) >= SslProtocols.Tls12);
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_used_is_refused_at_the_start()
    {
        string other = Path.Combine(_folder, "other.pem");
        using (var key = ECDsa.Create())
            await File.WriteAllTextAsync(other, key.ExportPkcs8PrivateKeyPem());

        foreach ((string certificate, string key) in new[] { (Certificate, other), (Key, Key), (Certificate, Certificate) })
        {
            InputException refused = await Assert.ThrowsAsync<InputException>(() => TestSilo.StartAsync(null, "--tls-certificate", certificate, "--tls-key", key));
            Assert.StartsWith($"The certificate '{certificate}' with the key '{key}' cannot be used:", refused.Message, StringComparison.Ordinal);
        }
    }

    private SocketsHttpHandler Trusting() => new() { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = IsOurs } };

    private bool IsOurs(object sender, X509Certificate? given, X509Chain? chain, SslPolicyErrors errors) =>
        given?.GetCertHashString() == _certificate.GetCertHashString();

    private async Task<SslProtocols> VersionAsync(Uri address)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(address.Host, address.Port);
        using var stream = new SslStream(socket.GetStream(), false, IsOurs);
        await stream.AuthenticateAsClientAsync(address.Host);
        return stream.SslProtocol;
    }
}
