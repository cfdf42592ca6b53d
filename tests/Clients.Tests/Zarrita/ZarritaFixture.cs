namespace ZarrCache.Clients.Tests.Zarrita;

/// <summary>Installs zarrita once, in the version of the lock file, beside the script that uses it.</summary>
public sealed class ZarritaFixture
{
    private const string Missing = "node and npm are not installed: apt-get install -y --no-install-recommends nodejs npm";

    private static readonly string Place = Path.Combine(AppContext.BaseDirectory, "Zarrita");

    private readonly Lazy<Task<Ended?>> _install = new(() => ClientProgram.TryRunAsync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], Place));

    /// <summary>Runs the script that sums arrays; skips the test where node is missing or npm may install nothing.</summary>
    internal async Task<Ended> SumAsync(params string[] arguments)
    {
        Ended? install = await _install.Value;
        if (install is not { Status: 0 })
        {
            ClientProgram.Lack(install is null ? Missing : $"npm ci cannot install zarrita in {Place}: {install.Error}");
        }

        Ended? ended = await ClientProgram.TryRunAsync("node", ["sums.mjs", .. arguments], Place);
        if (ended is null)
        {
            ClientProgram.Lack(Missing);
        }

        return ended!;
    }
}
