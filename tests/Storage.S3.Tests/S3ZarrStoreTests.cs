using Amazon.S3;
using Amazon.S3.Model;
using Xunit;

namespace ZarrCache.Storage.S3.Tests;

/// <summary>What the suites do not ask of every store, on a real server.</summary>
public sealed class S3ZarrStoreTests(RadosgwFixture server)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_is_the_name_of_an_object_as_it_is()
    {
        string[] keys = [".zarray", "u/a b+c", "u/%2F", "u/ü", "u/c/0/0"];
        string bucket = await server.NewBucketAsync();
        await using var store = new S3ZarrStore($"s3://{bucket}/dir one/era5.zarr", server.Options);
        foreach (string key in keys)
        {
            await store.SetAsync(key, new byte[] { 1 }, Ct);
        }

        ListObjectsV2Response listed = await server.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, Ct);
        Assert.Equal(keys.Select(key => "dir one/era5.zarr/" + key).Order(StringComparer.Ordinal), listed.S3Objects.Select(one => one.Key).Order(StringComparer.Ordinal));
        using GetObjectResponse found = await server.Client.GetObjectAsync(bucket, "dir one/era5.zarr/u/a b+c", Ct);
        Assert.Equal("application/octet-stream", found.Headers.ContentType);
    }

    [Fact]
    public async Task Objects_that_are_no_keys_are_passed_over_and_erased_with_their_prefix()
    {
        string bucket = await server.NewBucketAsync();
        await using var store = new S3ZarrStore($"s3://{bucket}", server.Options);
        foreach (string name in (string[])["u/", "u//x", "u/\u0001", "u/c", "u/c/", "v"])
        {
            await server.Client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = name, ContentBody = "x", UseChunkEncoding = false }, Ct);
        }

        Assert.Equal(["u/c", "v"], (await store.ListAsync(Ct).ToListAsync(Ct)).Order());
        Assert.Equal(["u/c", "u/c/"], (await store.ListDirAsync("u/", Ct).ToListAsync(Ct)).Order());
        await store.ErasePrefixAsync("u/", Ct);
        Assert.Equal(["v"], (await server.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = bucket }, Ct)).S3Objects.Select(one => one.Key));
    }

    [Fact]
    public async Task A_prefix_of_1500_keys_is_erased_in_batches()
    {
        await using var store = new S3ZarrStore(await server.NewPlaceAsync(), server.Options);
        await Parallel.ForEachAsync(Enumerable.Range(0, 1500), Ct, async (i, ct) => await server.Client.PutObjectAsync(
            new PutObjectRequest { BucketName = RadosgwFixture.Bucket, Key = NameOf(store, $"u/c/{i}"), ContentBody = "x", UseChunkEncoding = false }, ct));
        await store.SetAsync("v", new byte[] { 1 }, Ct);
        Assert.Equal(1500, await store.CountAsync("u/", Ct));
        await store.ErasePrefixAsync("u/", Ct);
        Assert.Equal(["v"], await store.ListAsync(Ct).ToListAsync(Ct));
    }

    [Fact]
    public async Task A_large_value_is_uploaded_in_parts_with_its_record()
    {
        string bucket = await server.NewBucketAsync();
        await using var store = new S3ZarrStore($"s3://{bucket}", server.Options);
        byte[] value = Bytes(20 << 20);
        ObjectInfo written = await store.SetAsync("big", new(value), new byte[] { 1, 2, 3 }, Ct);
        Assert.EndsWith("-3\"", written.ETag);
        Assert.Equal(written, await store.GetInfoAsync("big", Ct));
        Assert.Equal(value, await store.GetBytesAsync("big", ct: Ct));
        Assert.Equal(value[(9 << 20)..(11 << 20)], await store.GetBytesAsync("big", ByteRange.Slice(9 << 20, 2 << 20), Ct));
        Assert.Equal([1, 2, 3], (await store.GetRecordAsync("big", Ct)).ToArray());
        Assert.Empty(await server.ListUploadsAsync(bucket));
    }

    [Fact]
    public async Task An_upload_in_parts_that_is_given_up_leaves_what_was_there_and_nothing_else()
    {
        string bucket = await server.NewBucketAsync();
        await using var store = new S3ZarrStore($"s3://{bucket}", server.Options);
        await store.SetAsync("big", new byte[] { 7 }, Ct);
        await Assert.ThrowsAsync<StoreException>(async () => await store.SetAsync("big", Conformance.FailingSequence.Create(Bytes(12 << 20)), Ct));
        using var cancel = new CancellationTokenSource();
        Task<ObjectInfo> set = store.SetAsync("big", Bytes(64 << 20), cancel.Token).AsTask();
        while ((await server.ListUploadsAsync(bucket)).Count == 0 && !set.IsCompleted)
        {
            await Task.Yield();
        }

        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => set);
        Assert.Equal([7], await store.GetBytesAsync("big", ct: Ct));
        Assert.Empty(await server.ListUploadsAsync(bucket));
    }

    [Fact]
    public async Task What_a_crash_left_of_an_upload_is_removed_when_it_is_old_enough()
    {
        string bucket = await server.NewBucketAsync();
        await using var store = new S3ZarrStore($"s3://{bucket}/p", server.Options);
        foreach (string name in (string[])["p/a b", "q/b"])
        {
            string id = (await server.Client.InitiateMultipartUploadAsync(bucket, name, Ct)).UploadId;
            await server.Client.UploadPartAsync(
                new UploadPartRequest { BucketName = bucket, Key = name, UploadId = id, PartNumber = 1, InputStream = new MemoryStream(new byte[1000]), UseChunkEncoding = false }, Ct);
        }

        RemovedTemporaries young = await store.RemoveTemporariesAsync(TimeSpan.FromHours(1), Ct);
        Assert.Equal((0, true), (young.Bytes, young.OldestLeft > TimeProvider.System.GetUtcNow().AddHours(-1)));
        Assert.Equal(new RemovedTemporaries(1000, null), await store.RemoveTemporariesAsync(TimeSpan.FromHours(-0.0), Ct));
        Assert.Equal(["q/b"], await server.ListUploadsAsync(bucket));
    }

    [Fact]
    public async Task A_hundred_readers_at_once_get_each_its_own()
    {
        await using var store = new S3ZarrStore(await server.NewPlaceAsync(), server.Options);
        for (int i = 0; i < 10; i++)
        {
            await store.SetAsync($"u/{i}", Bytes(300_000 + i), Ct);
        }

        await Task.WhenAll(Enumerable.Range(0, 100).Select(async reader =>
        {
            int i = reader % 10;
            Assert.Equal(Bytes(300_000 + i), await store.GetBytesAsync($"u/{i}", ct: Ct));
        }));
    }

    [Fact]
    public async Task Headers_alone_are_asked_for_without_the_body()
    {
        await using var store = new S3ZarrStore(await server.NewPlaceAsync(), server.Options);
        await store.SetAsync("u", Bytes(1000), Ct);
        await using ReadResult result = await store.GetAsync("u", new ReadOptions(ByteRange.Suffix(10), HeadersOnly: true), Ct);
        Assert.Equal((ReadStatus.Found, 990, 10, 1000), (result.Status, result.Offset, result.Length, result.Info.Size));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await result.ReadAsync(new byte[1], Ct));
        await using ReadResult same = await store.GetAsync("u", new ReadOptions(IfNoneMatch: result.Info.ETag, HeadersOnly: true), Ct);
        Assert.Equal(ReadStatus.NotModified, same.Status);
        await using ReadResult other = await store.GetAsync("u", new ReadOptions(IfMatch: "\"other\"", HeadersOnly: true), Ct);
        Assert.Equal(ReadStatus.PreconditionFailed, other.Status);
        Assert.False(await store.ExistsAsync("v", Ct));
    }

    [Fact]
    public async Task A_bucket_that_is_not_there_is_no_absence()
    {
        await server.RequireAsync();
        await using var store = new S3ZarrStore("s3://no-such-bucket/p", server.Options);
        foreach (Func<Task> call in (Func<Task>[])[
            async () => await store.GetBytesAsync("u", ct: Ct), async () => await store.ExistsAsync("u", Ct), async () => await store.SetAsync("u", new byte[1], Ct),
            async () => await store.EraseAsync("u", Ct), async () => await store.ListAsync(Ct).ToListAsync(Ct), async () => await store.GetRecordAsync("u", Ct)])
        {
            var error = await Assert.ThrowsAsync<StoreException>(call);
            Assert.Contains("no bucket 'no-such-bucket'", error.Message);
            Assert.Contains(server.Server.Endpoint.ToString().TrimEnd('/'), error.Message);
        }
    }

    [Fact]
    public async Task Wrong_credentials_are_told_and_no_secret_with_them()
    {
        string place = await server.NewPlaceAsync();
        await using var unknown = new S3ZarrStore(place, new S3StoreOptions { Endpoint = server.Server.Endpoint, AccessKeyId = "nobody", SecretAccessKey = "s3cret", AbsentStatusCodes = [403] });
        await using var wrong = new S3ZarrStore(place, new S3StoreOptions { Endpoint = server.Server.Endpoint, AccessKeyId = Radosgw.AccessKey, SecretAccessKey = "s3cret", AbsentStatusCodes = [403] });
        foreach ((S3ZarrStore store, string said) in new[] { (unknown, "access key"), (wrong, "secret") })
        {
            var error = await Assert.ThrowsAsync<StoreException>(async () => await store.GetBytesAsync("u/c/0", ct: Ct));
            Assert.Contains(said, error.Message);
            Assert.Contains($"{place}/u/c/0 at {server.Server.Endpoint.ToString().TrimEnd('/')}", error.Message);
            Assert.DoesNotContain("s3cret", error.ToString());
        }
    }

    [Fact]
    public async Task Forbidden_is_absent_only_where_the_options_say_so()
    {
        string place = await server.NewPlaceAsync();
        await using var strict = new S3ZarrStore(place, new S3StoreOptions { Endpoint = server.Server.Endpoint, Anonymous = true });
        await using var lenient = new S3ZarrStore(place, new S3StoreOptions { Endpoint = server.Server.Endpoint, Anonymous = true, AbsentStatusCodes = [403] });
        Assert.Contains("AccessDenied", (await Assert.ThrowsAsync<StoreException>(async () => await strict.GetBytesAsync("u", ct: Ct))).Message);
        Assert.Null(await lenient.GetBytesAsync("u", ct: Ct));
        Assert.False(await lenient.ExistsAsync("u", Ct));
    }

    [Fact]
    public async Task A_public_object_is_read_without_credentials()
    {
        string place = await server.NewPlaceAsync();
        await server.Client.PutObjectAsync(
            new PutObjectRequest { BucketName = RadosgwFixture.Bucket, Key = place.Split('/')[^1] + "/u", ContentBody = "public", CannedACL = S3CannedACL.PublicRead, UseChunkEncoding = false }, Ct);
        await using var store = new S3ZarrStore($"{place}?endpoint={server.Server.Endpoint}&anonymous");
        Assert.Equal("public"u8.ToArray(), await store.GetBytesAsync("u", ct: Ct));
    }

    [Fact]
    public async Task A_read_only_store_refuses_to_write()
    {
        await using var store = new S3ZarrStore(await server.NewPlaceAsync(), new S3StoreOptions { Endpoint = server.Server.Endpoint, AccessKeyId = Radosgw.AccessKey, SecretAccessKey = Radosgw.SecretKey, ReadOnly = true });
        Assert.Contains("read-only", (await Assert.ThrowsAsync<NotSupportedException>(async () => await store.SetAsync("u", new byte[1], Ct))).Message);
        await Assert.ThrowsAsync<NotSupportedException>(async () => await store.EraseAsync("u", Ct));
        await Assert.ThrowsAsync<NotSupportedException>(async () => await store.ErasePrefixAsync("", Ct));
    }

    [Fact]
    public async Task A_key_too_long_with_its_prefix_is_absent_and_cannot_be_written()
    {
        await using var store = new S3ZarrStore(await server.NewPlaceAsync(), server.Options);
        string key = new('k', ZarrKey.MaxBytes);
        Assert.Null(await store.GetBytesAsync(key, ct: Ct));
        Assert.Empty((await store.GetRecordAsync(key, Ct)).ToArray());
        Assert.False(await store.EraseAsync(key, Ct));
        Assert.Contains("1024", (await Assert.ThrowsAsync<StoreException>(async () => await store.SetAsync(key, new byte[1], Ct))).Message);
    }

    [Fact]
    public async Task Nobody_listens_is_out_of_reach()
    {
        await using var store = new S3ZarrStore(
            "s3://bucket", new S3StoreOptions { Endpoint = new Uri("http://127.0.0.1:9"), AccessKeyId = "key", SecretAccessKey = "s3cret", RetryDelay = TimeSpan.Zero, MaxRetries = 1 });
        var error = await Assert.ThrowsAsync<OriginUnavailableException>(async () => await store.GetBytesAsync("u", ct: Ct));
        Assert.Contains("s3://bucket/u at http://127.0.0.1:9", error.Message);
        Assert.Contains("refused", error.Message);
    }

    private static string NameOf(S3ZarrStore store, string key) => new Uri(store.Address.Split('?')[0]).AbsolutePath.TrimStart('/') + "/" + key;

    private static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
