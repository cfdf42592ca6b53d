using Xunit;
using ZarrCache.Conformance.Http;
using ZarrCache.Storage.S3;
using ZarrCache.Storage.S3.Tests;

namespace ZarrCache.Cli.Tests;

/// <summary>Buckets as ORIGIN and as <c>--storage</c>, on a real server, with credentials from where a user has them.</summary>
public sealed class S3Tests(RadosgwFixture server) : CacheTest
{
    private static readonly KeyValuePair<string, string?>[] NoCredentials =
    [
        .. new[] { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_NO_SIGN_REQUEST" }.Select(name => KeyValuePair.Create(name, (string?)null)),
        KeyValuePair.Create("AWS_EC2_METADATA_DISABLED", (string?)"true"),
        KeyValuePair.Create("AWS_SHARED_CREDENTIALS_FILE", (string?)"/nowhere/credentials"),
        KeyValuePair.Create("AWS_CONFIG_FILE", (string?)"/nowhere/config"),
    ];

    private string Endpoint => server.Server.Endpoint.ToString().TrimEnd('/');

    private KeyValuePair<string, string?>[] Credentials =>
        [.. NoCredentials, KeyValuePair.Create("AWS_ACCESS_KEY_ID", (string?)Radosgw.AccessKey), KeyValuePair.Create("AWS_SECRET_ACCESS_KEY", (string?)Radosgw.SecretKey)];

    [Fact]
    public async Task A_dataset_in_a_bucket_is_warmed_into_a_bucket()
    {
        string origin = await UploadAsync();
        string storage = await server.NewPlaceAsync() + "/{store_id}.zarr?endpoint=" + Endpoint;
        string[] warm = ["warm", $"{origin}?endpoint={Endpoint}", "--store", "era", "--cache", Cache, "--storage", storage, "--json"];
        (int fetched, int cached) = await WarmAsync(); // what is read to make the plan is cached by then
        Assert.Equal(SampleKeys, fetched + cached);
        Assert.InRange(cached, 0, 5);
        Assert.Equal((0, SampleKeys), await WarmAsync());
        (await RunAsync(Credentials, "verify", "--cache", Cache, "--complete", "era")).WithStatus(0);
        string manifest = await File.ReadAllTextAsync(Path.Combine(Cache, "zarr-cache.json"), Ct);
        Assert.Contains($"\"{origin}?endpoint={Endpoint}\"", System.Text.RegularExpressions.Regex.Unescape(manifest));
        Assert.DoesNotContain(Radosgw.AccessKey, manifest);
        Assert.DoesNotContain(Radosgw.SecretKey, manifest);
        Ended cleared = (await RunAsync(Credentials, "clear", "--cache", Cache, "--store", "era", "--json")).WithStatus(0);
        Assert.Equal(SampleKeys, (int)cleared.Json["removed"]! - (int)cleared.Json["removedAbsences"]!);

        async Task<(int Fetched, int Cached)> WarmAsync()
        {
            Ended ended = (await RunAsync(Credentials, warm)).WithStatus(0);
            return ((int)ended.Json["fetched"]!, (int)ended.Json["cached"]!);
        }
    }

    [Fact]
    public async Task A_profile_has_the_keys_and_the_environment_the_endpoint()
    {
        string origin = await UploadAsync();
        string file = Path.Combine(Temporary, "credentials");
        await File.WriteAllTextAsync(file, $"[lab]\naws_access_key_id = {Radosgw.AccessKey}\naws_secret_access_key = {Radosgw.SecretKey}\n", Ct);
        KeyValuePair<string, string?>[] environment = [.. NoCredentials, KeyValuePair.Create("AWS_SHARED_CREDENTIALS_FILE", (string?)file), KeyValuePair.Create("AWS_ENDPOINT_URL", (string?)Endpoint)];
        Ended ended = await RunAsync(environment, "warm", $"{origin}?profile=lab", "--store", "era", "--cache", Cache, "--array", "level", "--json");
        Assert.True((int)ended.WithStatus(0).Json["fetched"]! > 0);

        // The server is part of what the id stands for, wherever it was named.
        Ended other = await RunAsync([.. environment, KeyValuePair.Create("AWS_ENDPOINT_URL", (string?)"http://127.0.0.1:9")], "warm", $"{origin}?profile=lab", "--store", "era", "--cache", Cache);
        Assert.Contains("cannot stand for", other.WithStatus(2).Error);
    }

    [Fact]
    public async Task What_is_wrong_is_told_in_a_line_without_a_secret()
    {
        string origin = await UploadAsync();
        string occupied = origin[..origin.LastIndexOf('/')] + "/{store_id}.zarr?endpoint=" + Endpoint;
        await FailsAsync(NoCredentials, "AWS_ACCESS_KEY_ID", $"{origin}?endpoint={Endpoint}");
        await FailsAsync([.. Credentials, KeyValuePair.Create("AWS_SECRET_ACCESS_KEY", (string?)"s3cret")], "secret does not belong", $"{origin}?endpoint={Endpoint}");
        await FailsAsync(Credentials, "no bucket 'no-such-bucket'", $"s3://no-such-bucket/x.zarr?endpoint={Endpoint}");
        await FailsAsync(Credentials, "no user and no secret", $"s3://me:s3cret@{origin["s3://".Length..]}");
        await FailsAsync(Credentials, "'secret', which is none of endpoint", $"{origin}?endpoint={Endpoint}&secret=s3cret");
        await FailsAsync(Credentials, "no place of a cache", $"{origin}?endpoint={Endpoint}", "--storage", occupied);
        await FailsAsync(Credentials, "{store_id}", $"{origin}?endpoint={Endpoint}", "--storage", "s3://bucket/x.zarr");

        async Task FailsAsync(KeyValuePair<string, string?>[] environment, string message, params string[] args)
        {
            Ended ended = (await RunAsync(environment, ["warm", args[0], "--store", "era", "--cache", Cache, .. args[1..]])).WithStatus(2);
            Assert.Contains(message, ended.Error);
            Assert.Single(ended.Error.Trim().Split('\n'));
            Assert.DoesNotContain("s3cret", ended.Error);
            if (Directory.Exists(Cache))
            {
                Directory.Delete(Cache, recursive: true);
            }
        }
    }

    private static Task<Ended> RunAsync(KeyValuePair<string, string?>[] environment, params string[] args) => CommandLine.EndAsync(CommandLine.Start(environment, args));

    /// <summary>The sample as objects of a bucket.</summary>
    private async Task<string> UploadAsync()
    {
        string place = await server.NewPlaceAsync() + "/era.zarr";
        await using var sample = new DirectoryOrigin(Sample);
        await using var bucket = new S3ZarrStore(place, server.Options);
        await Parallel.ForEachAsync(sample.ListPrefixAsync("", Ct), Ct, async (key, ct) => await bucket.SetAsync(key, (await sample.GetBytesAsync(key, ct: ct))!, ct));
        return place;
    }
}
