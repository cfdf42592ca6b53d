using System.Buffers;
using Xunit;

namespace ZarrCache.Conformance;

/// <summary>
/// What every <see cref="IZarrStore"/> that can be written to must do. A back end derives from it and hands in a store;
/// one that keeps the chunks of a cache derives from <see cref="ChunkStoreSuite"/>. The facts lie by subject in the files
/// beside this one.
/// </summary>
public abstract partial class ZarrStoreSuite : IAsyncLifetime
{
    private IZarrStore? _store;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>The store of this fact: new and empty.</summary>
    protected IZarrStore Store => _store ?? throw new InvalidOperationException("The fact has not begun.");

    /// <summary>The longest key that the medium takes, in UTF-8 bytes: less than <see cref="ZarrKey.MaxBytes"/> only where a name has a place of its own before it, and the medium a limit for both.</summary>
    protected virtual int MaxKeyBytes => ZarrKey.MaxBytes;

    /// <summary>A new and empty store at a place of its own. The suite disposes of it.</summary>
    protected abstract ValueTask<IZarrStore> CreateAsync();

    public virtual async ValueTask InitializeAsync() => _store = await CreateAsync();

    /// <summary>Disposes of the store. Who removes its files overrides this, and calls it first.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Bytes that tell where they belong: no two blocks of them, nor two seeds, are alike.</summary>
    private protected static byte[] Bytes(int count, int seed = 0)
    {
        byte[] bytes = new byte[count];
        new Random(HashCode.Combine(count, seed)).NextBytes(bytes);
        return bytes;
    }

    /// <summary>The bytes in many small segments, as they come from a pipe.</summary>
    private protected static ReadOnlySequence<byte> InSegments(byte[] bytes, int size)
    {
        Segment? first = null, last = null;
        for (int start = 0; start < bytes.Length; start += size)
        {
            last = new Segment(bytes.AsMemory(start, Math.Min(size, bytes.Length - start)), last);
            first ??= last;
        }

        return first is null ? default : new ReadOnlySequence<byte>(first, 0, last!, last!.Memory.Length);
    }

    private protected static async Task<List<T>> All<T>(IAsyncEnumerable<T> items)
    {
        var all = new List<T>();
        await foreach (T item in items)
        {
            all.Add(item);
        }

        return all;
    }

    private protected async Task SetAsync(params IEnumerable<string> keys)
    {
        foreach (string key in keys)
        {
            await Store.SetAsync(key, Value(key), Ct);
        }
    }

    private protected static byte[] Value(string key) => System.Text.Encoding.UTF8.GetBytes($"the value of {key}");

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, Segment? previous)
        {
            Memory = memory;
            if (previous is not null)
            {
                RunningIndex = previous.RunningIndex + previous.Memory.Length;
                previous.Next = this;
            }
        }
    }
}
