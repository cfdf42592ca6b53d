using StackExchange.Redis;
using Xunit;

namespace ZarrCache.Index.Redis.Tests;

public sealed class OptionsTests(Servers servers) : IndexTest(servers)
{
    public static TheoryData<RedisStoreIndexOptions, string> Refused => new()
    {
        { new() { MarkFlushCount = 0 }, "MarkFlushCount is at least 1 entry." },
        { new() { RememberedEntries = 2 }, "RememberedEntries is 0 for none, or at least 3 entries." },
        { new() { MarkFlushInterval = TimeSpan.Zero }, "MarkFlushInterval lies between 00:00:00.0010000 and 1.00:00:00." },
        { new() { FetchLease = TimeSpan.Zero }, "FetchLease lies between 00:00:00.1000000 and 00:05:00." },
        { new() { CommandTimeout = TimeSpan.FromHours(1) }, "CommandTimeout lies between 00:00:00.1000000 and 00:05:00." },
        { new() { SessionTimeout = TimeSpan.FromSeconds(1) }, "SessionTimeout lies between 00:00:05 and 1.00:00:00." },
        { new() { AbsentLifetime = TimeSpan.Zero }, "AbsentLifetime lies between 00:00:01 and 3650.00:00:00." },
        { new() { Prefix = "a{b" }, "The prefix 'a{b' of the keys has 1 to 100 characters, no braces and no control characters." },
    };

    [Theory]
    [MemberData(nameof(Refused), DisableDiscoveryEnumeration = true)]
    public async Task An_option_out_of_range_is_refused_by_name_before_anything_is_asked_for(RedisStoreIndexOptions options, string message)
    {
        ArgumentException refusal = await Assert.ThrowsAnyAsync<ArgumentException>(async () => await RedisStoreIndex.OpenAsync("redis://nobody.invalid", options, Ct));
        Assert.StartsWith(message, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis://host", "redis://host:6379/0")]
    [InlineData("rediss://user:hunter2@HOST/2", "rediss://host:6380/2")]
    [InlineData("redis://:hunter2@10.0.0.1:7000/?prefix=era%205", "redis://10.0.0.1:7000/0?prefix=era%205")]
    [InlineData("redis://[::1]:7000", "redis://[::1]:7000/0")]
    [InlineData("host:6380,ssl=true,password=hunter2", "host:6380")]
    [InlineData("one:1,two:2,user=me,password=hunter2", "one:1,two:2")]
    public void An_address_is_shown_without_its_secrets(string given, string shown)
    {
        Assert.Equal(shown, RedisAddress.Parse(given).ToString());
        Assert.Equal(given.Contains("hunter2", StringComparison.Ordinal), RedisAddress.Parse(given).HasPassword);
    }

    [Theory]
    [InlineData("http://:hunter2@host", "begins with redis:// or, for TLS, rediss://, not with 'http://'.")]
    [InlineData("redis://", "is no URL; write it as redis://host:port/database?prefix=NAME.")]
    [InlineData("redis://:hunter2@host/one", "'/one' names no database of a Redis server; it is a number, such as /0.")]
    [InlineData("redis://:hunter2@host?ssl=true", "has no option 'ssl'; there is prefix=NAME.")]
    [InlineData("redis://host?prefix={}", "The prefix '{}' of the keys has 1 to 100 characters")]
    [InlineData("host,pasword=hunter2", "The connection string of the Redis server is none")]
    [InlineData("password=hunter2", "names no host")]
    public void What_is_no_address_is_refused_without_repeating_a_secret(string given, string message)
    {
        ArgumentException refusal = Assert.ThrowsAny<ArgumentException>(() => RedisAddress.Parse(given));
        Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named_and_no_secret_with_it()
    {
        int port = FreePort.Find();
        ZarrCacheException failure = await Assert.ThrowsAsync<ZarrCacheException>(
            async () => await RedisStoreIndex.OpenAsync($"redis://:hunter2@127.0.0.1:{port}", null, Ct));
        Assert.StartsWith($"The Redis server redis://127.0.0.1:{port}/0 cannot be reached: ", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_with_a_password_wants_the_right_one()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync("--requirepass", "right");
        await using (RedisStoreIndex index = await RedisStoreIndex.OpenAsync($"redis://:right@127.0.0.1:{server.Port}", null, Ct))
        {
            await index.PushAsync(Value("a"), Ct);
        }

        ZarrCacheException failure = await Assert.ThrowsAsync<ZarrCacheException>(
            async () => await RedisStoreIndex.OpenAsync($"redis://:wrong-one@127.0.0.1:{server.Port}", null, Ct));
        Assert.DoesNotContain("wrong-one", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_would_throw_entries_away_is_refused()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
        ZarrCacheException refusal = await Assert.ThrowsAsync<ZarrCacheException>(async () => await RedisStoreIndex.OpenAsync(server.Address, null, Ct));
        Assert.Contains("has the maxmemory-policy 'allkeys-lru'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("CONFIG SET maxmemory-policy noeviction", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_is_handed_in_outlives_the_index()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{server.Port}");
        await using (RedisStoreIndex index = await RedisStoreIndex.OpenAsync(connection, null, Ct))
        {
            await index.PushAsync(Value("a"), Ct);
        }

        Assert.True(connection.IsConnected);
        Assert.Equal(1, (int)await connection.GetDatabase().HashGetAsync("{zarrcache}:totals", "count"));
    }

    [Fact]
    public async Task A_newer_format_is_refused_and_left_as_it_is()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{server.Port}");
        await connection.GetDatabase().HashSetAsync("{zarrcache}:state", "format", 99);
        CacheFormatException refusal = await Assert.ThrowsAsync<CacheFormatException>(async () => await RedisStoreIndex.OpenAsync(connection, null, Ct));
        Assert.Contains("has format 99; this program knows formats up to 1.", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(1, await connection.GetDatabase().HashLengthAsync("{zarrcache}:state"));
    }

    [Fact]
    public async Task A_damaged_entry_is_told_by_its_key()
    {
        await using RedisProcess server = await RequiredRedis.StartAsync();
        await using ConnectionMultiplexer connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{server.Port}");
        await using RedisStoreIndex index = await RedisStoreIndex.OpenAsync(connection, new() { RememberedEntries = 0 }, Ct);
        await index.PushAsync(Value("a"), Ct);
        await connection.GetDatabase().HashSetAsync("{zarrcache}:store:s:entries", "a\0", "nonsense");
        CacheFormatException damage = await Assert.ThrowsAsync<CacheFormatException>(async () => await index.FindAsync(At("a"), Ct));
        Assert.Contains("The entry of 'a' of store 's' is damaged in the index", damage.Message, StringComparison.Ordinal);
    }
}
