using System.Buffers;

namespace ZarrCache.Core.Tests.Caching;

/// <summary>A chunk store in memory that a test can hold up or make fail when it writes, reads or erases.</summary>
internal class TestChunkStore(MemoryStore inner) : ForwardingZarrStore(inner), IChunkStore
{
    public Func<string, Task>? BeforeWrite { get; set; }

    public Func<string, Task>? BeforeRead { get; set; }

    public Func<string, Task>? BeforeErase { get; set; }

    public Func<string, Task>? AfterRecord { get; set; }

    public Func<string, Task>? BeforeErasePrefix { get; set; }

    public Func<TimeSpan, RemovedTemporaries>? OnTemporaries { get; set; }

    public override async ValueTask ErasePrefixAsync(string prefix, CancellationToken ct)
    {
        await (BeforeErasePrefix?.Invoke(prefix) ?? Task.CompletedTask);
        await base.ErasePrefixAsync(prefix, ct);
    }

    public override async ValueTask<ReadResult> GetAsync(string key, ReadOptions options, CancellationToken ct)
    {
        await (BeforeRead?.Invoke(key) ?? Task.CompletedTask);
        return await base.GetAsync(key, options, ct);
    }

    public async ValueTask<ObjectInfo> SetAsync(string key, ReadOnlySequence<byte> value, ReadOnlyMemory<byte> record, CancellationToken ct)
    {
        await (BeforeWrite?.Invoke(key) ?? Task.CompletedTask);
        return await inner.SetAsync(key, value, record, ct);
    }

    public override async ValueTask<bool> EraseAsync(string key, CancellationToken ct)
    {
        await (BeforeErase?.Invoke(key) ?? Task.CompletedTask);
        return await base.EraseAsync(key, ct);
    }

    public async ValueTask<ReadOnlyMemory<byte>> GetRecordAsync(string key, CancellationToken ct)
    {
        ReadOnlyMemory<byte> record = await inner.GetRecordAsync(key, ct);
        await (AfterRecord?.Invoke(key) ?? Task.CompletedTask);
        return record;
    }

    public IAsyncEnumerable<StoredObject> ScanAsync(CancellationToken ct) => inner.ScanAsync(ct);

    public ValueTask<RemovedTemporaries> RemoveTemporariesAsync(TimeSpan age, CancellationToken ct) => OnTemporaries is null ? inner.RemoveTemporariesAsync(age, ct) : new(OnTemporaries(age));

    public long GetAllocatedSize(long size) => inner.GetAllocatedSize(size);

    /// <summary>The bytes that lie there, to be damaged.</summary>
    public async Task<byte[]> PeekAsync(string key) => (await inner.GetBytesAsync(key))!;

    /// <summary>Puts other bytes in their place, behind the cache's back.</summary>
    public async Task DamageAsync(string key, byte[] bytes) => await inner.SetAsync(key, bytes);

    /// <summary>Removes them, behind the cache's back.</summary>
    public async Task RemoveAsync(string key) => await inner.EraseAsync(key, default);
}
