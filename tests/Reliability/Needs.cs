using Xunit;

namespace ZarrCache.Reliability;

/// <summary>What some tests need of their machine. Where it is not there they are skipped, and say what to install; where <c>ZARRCACHE_REQUIRE_FAULTS</c> is set they fail.</summary>
internal static class Needs
{
    private const string Required = "ZARRCACHE_REQUIRE_FAULTS";

    public static void Root() => Require(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "It mounts file systems or makes system calls fail, which takes root on Linux.");

    public static void Program(string name, string package) =>
        Require(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Concat(["/usr/sbin", "/sbin"]).Any(directory => File.Exists(Path.Combine(directory, name))),
            $"There is no {name} here: apt-get install -y --no-install-recommends {package}");

    /// <summary>What could not be done, and so was not tested.</summary>
    public static void Require(bool holds, string otherwise)
    {
        if (Environment.GetEnvironmentVariable(Required) is null)
        {
            Assert.SkipUnless(holds, otherwise);
        }

        Assert.True(holds, otherwise);
    }
}
