using System.Text.Json.Nodes;
using Xunit;
using ZarrCache.Index.Redis;
using ZarrCache.Index.Redis.Tests;

namespace ZarrCache.Cli.Tests;

/// <summary><c>--index redis://…</c>, on a server that wants a password.</summary>
public sealed class RedisTests : CacheTest
{
    private const string Password = "s3cret-not-to-be-shown";

    private static readonly KeyValuePair<string, string?>[] Anonymous = [KeyValuePair.Create(RedisCacheBackends.UserVariable, (string?)null), KeyValuePair.Create(RedisCacheBackends.PasswordVariable, (string?)null)];
    private static readonly KeyValuePair<string, string?>[] Known = [Anonymous[0], KeyValuePair.Create(RedisCacheBackends.PasswordVariable, (string?)Password)];

    [Fact]
    public async Task The_password_comes_with_the_address_or_from_the_environment_and_is_shown_nowhere()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync("--requirepass", Password);
        string address = $"redis://127.0.0.1:{server.Port}/0?prefix=era";
        string full = address.Replace("://", $"://:{Password}@", StringComparison.Ordinal);
        (await RunAsync(Anonymous, Warm("--index", full))).WithStatus(0);
        string manifest = await File.ReadAllTextAsync(Path.Combine(Cache, "zarr-cache.json"), Ct);
        Assert.Equal(address, (string)JsonNode.Parse(manifest)!["index"]!);
        Assert.DoesNotContain(Password, manifest, StringComparison.Ordinal);

        JsonNode stats = (await RunAsync(Known, "stats", "--cache", Cache, "--json")).WithStatus(0).Json;
        Assert.Equal((address, SampleKeys), ((string)stats["index"]!, (int)stats["values"]!));
        Assert.Equal(SampleKeys, (await RunAsync(Known, "ls", "--cache", Cache, "--json")).WithStatus(0).Lines.Count(line => (string)line["kind"]! == "value"));
        (await RunAsync(Known, "verify", "--cache", Cache, "--complete", "era")).WithStatus(0);
        (await RunAsync(Anonymous, Warm("--index", full))).WithStatus(0);
        Ended cleared = (await RunAsync(Known, "clear", "--cache", Cache, "--store", "era", "--json")).WithStatus(0);
        Assert.Equal(SampleKeys, (int)cleared.Json["removed"]! - (int)cleared.Json["removedAbsences"]!);
    }

    [Fact]
    public async Task What_one_machine_has_warmed_another_has_too()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        string[] shared = ["--index", server.Address, "--storage", Path.Combine(Temporary, "shared", "{store_id}.zarr"), "--json"];
        (await RunAsync(Anonymous, Warm(shared))).WithStatus(0);
        string other = Path.Combine(Temporary, "other");
        Ended warmed = (await RunAsync(Anonymous, ["warm", Url, "--store", "era", "--cache", other, .. shared])).WithStatus(0);
        Assert.Equal((0, SampleKeys), ((int)warmed.Json["fetched"]!, (int)warmed.Json["cached"]!));
        (await RunAsync(Anonymous, "verify", "--cache", other, "--complete", "era")).WithStatus(0);
    }

    [Fact]
    public async Task What_is_wrong_is_told_in_a_line_without_the_password_and_binds_the_cache_to_nothing()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync("--requirepass", "another");
        int port = FreePort.Find();
        await FailsAsync($"redis://127.0.0.1:{server.Port}/0 cannot be reached", $"redis://:{Password}@127.0.0.1:{server.Port}");
        await FailsAsync($"redis://127.0.0.1:{port}/0 cannot be reached", $"redis://:{Password}@127.0.0.1:{port}");
        await FailsAsync("has no option 'ssl'; there is prefix=NAME", $"redis://:{Password}@127.0.0.1:{server.Port}?ssl=true");

        // and binds the cache to nothing
        (await RunAsync(Anonymous, Warm("--index", $"redis://:another@127.0.0.1:{server.Port}"))).WithStatus(0);

        async Task FailsAsync(string message, string address)
        {
            Ended ended = (await RunAsync(Anonymous, Warm("--index", address))).WithStatus(2);
            Assert.Contains(message, ended.Error, StringComparison.Ordinal);
            Assert.Single(ended.Error.Trim().Split('\n'));
        }
    }

    /// <summary>A command in an environment of its own; whatever it writes has no password in it.</summary>
    private static async Task<Ended> RunAsync(KeyValuePair<string, string?>[] environment, params string[] args)
    {
        Ended ended = await CommandLine.EndAsync(CommandLine.Start(environment, args));
        Assert.DoesNotContain(Password, ended.Output + ended.Error, StringComparison.Ordinal);
        return ended;
    }
}
