using System.Diagnostics;
using Xunit;

namespace ZarrCache.Conformance.Tls;

/// <summary>
/// Tests that pass without TLS, run again over it: in a process of its own, since whom a process trusts is read from its environment when it
/// begins, as it is for users.
/// </summary>
public static class TestsOverTls
{
    /// <summary>Runs all tests of some classes of one assembly; fails with what they print if one fails.</summary>
    public static async Task RunAsync(params Type[] classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        CancellationToken ct = TestContext.Current.CancellationToken;
        using var certificate = new TestCertificate();
        var start = new ProcessStartInfo(Path.ChangeExtension(classes[0].Assembly.Location, OperatingSystem.IsWindows() ? ".exe" : null))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("--filter-class");
        foreach (Type type in classes)
        {
            start.ArgumentList.Add(type.FullName!);
        }

        certificate.GiveTo(start.Environment);
        using Process process = Process.Start(start)!;
        using CancellationTokenRegistration cancelled = ct.Register(() => process.Kill(entireProcessTree: true));
        string[] printed = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
        await process.WaitForExitAsync(ct);
        Assert.True(process.ExitCode == 0, string.Concat(printed));
    }
}
