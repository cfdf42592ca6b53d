using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ZarrCache.Conformance.Tls;

/// <summary>A certificate for servers on loopback, signed by itself, as files: nobody trusts it who is not told to.</summary>
public sealed class TestCertificate : IDisposable
{
    /// <summary>Where a process is told that the servers of its tests speak TLS, and with which certificate: the directory of one that it trusts.</summary>
    private const string Variable = "ZARRCACHE_TEST_CERTIFICATE";

    private readonly TemporaryDirectory? _own;
    private readonly string _directory;

    /// <summary>Makes one.</summary>
    public TestCertificate()
    {
        _own = new TemporaryDirectory();
        _directory = _own.Path;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ZarrCache's tests", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        using X509Certificate2 made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        string certificate = made.ExportCertificatePem() + "\n";
        string secret = key.ExportPkcs8PrivateKeyPem() + "\n";
        File.WriteAllText(CertificateFile, certificate);
        File.WriteAllText(KeyFile, secret);
    }

    private TestCertificate(string directory) => _directory = directory;

    /// <summary>The one that the servers of this process's tests have; null if they speak without TLS.</summary>
    public static TestCertificate? Given { get; } = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } directory ? new(directory) : null;

    /// <summary>The file of the certificate, in PEM.</summary>
    public string CertificateFile => Path.Combine(_directory, "certificate.pem");

    /// <summary>The file of its private key, in PEM.</summary>
    public string KeyFile => Path.Combine(_directory, "key.pem");

    /// <summary>Both, for a server that takes files.</summary>
    public (string CertificateFile, string KeyFile) Files => (CertificateFile, KeyFile);

    /// <summary>Loads both; for the caller to dispose of.</summary>
    public X509Certificate2 Load() => X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);

    /// <summary>Has a process that is about to be started trust it, and its servers use it.</summary>
    public void GiveTo(IDictionary<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(environment);
        environment[Variable] = _directory;
        environment["SSL_CERT_FILE"] = CertificateFile;
    }

    /// <inheritdoc/>
    public void Dispose() => _own?.Dispose();
}
