using Xunit;

namespace ZarrCache.Clients.Tests;

/// <summary>Debian's xarray and zarr-python, of Zarr v2, with one changed URL.</summary>
public sealed class XarrayTests : ClientTest
{
    /// <summary>Debian's own, whatever else PATH has: only it sees Debian's packages.</summary>
    private const string Python = "/usr/bin/python3";

    private const string Missing = "zarr, xarray, fsspec and aiohttp are not all installed: apt-get install -y --no-install-recommends python3-zarr python3-xarray python3-fsspec python3-aiohttp";

    [Fact]
    public async Task Open_zarr_reads_what_the_files_hold_and_after_a_restart_asks_nothing_of_the_origin()
    {
        await RequireAsync();
        await using (GatewayProcess first = await ServeAsync())
        {
            (await RunAsync("compare.py", first.UrlOf("era5"), Path.Combine(Samples, "eraint-v2.zarr"))).WithStatus(0);
            await first.StopAsync();
        }

        Assert.Equal(96, Origin.Log.Count(request => request.StartsWith("GET eraint-v2.zarr/u/", StringComparison.Ordinal)));
        Origin.Reset();
        await using GatewayProcess second = await ServeAsync();
        (await RunAsync("compare.py", second.UrlOf("era5"), Path.Combine(Samples, "eraint-v2.zarr"))).WithStatus(0);
        Assert.Empty(Origin.Log);
        await second.StopAsync();
    }

    /// <summary>
    /// FSStore, which zarr-python 2 makes of a URL, takes any failure for a chunk that is absent. Over a plain mapping it does not,
    /// which is what the gateway's README tells its readers to use.
    /// </summary>
    [Fact]
    public async Task An_origin_that_fails_is_an_exception_in_a_store_over_a_mapping()
    {
        await RequireAsync();
        RefuseChunks();
        await using GatewayProcess gateway = await ServeAsync();
        Ended ended = (await RunAsync("strict.py", gateway.UrlOf("era5"))).WithStatus(1);
        Assert.Contains("ClientResponseError: 502", ended.Error);

        Origin.Intercept = null;
        (await RunAsync("strict.py", gateway.UrlOf("era5"))).WithStatus(0);
    }

    private static async Task RequireAsync()
    {
        if (await ClientProgram.TryRunAsync(Python, ["-I", "-c", "import zarr, xarray, fsspec, aiohttp"]) is not { Status: 0 })
        {
            ClientProgram.Lack(Missing);
        }
    }

    /// <summary>Runs a script, without the user's own packages and settings.</summary>
    private static async Task<Ended> RunAsync(string script, params string[] arguments) =>
        (await ClientProgram.TryRunAsync(Python, ["-I", Path.Combine(AppContext.BaseDirectory, "Python", script), .. arguments]))!;
}
