using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace ZarrCache;

/// <summary>
/// Sees to it that of all machines that miss a key at a time one fetches it, by leases that a shared index keeps. They save requests,
/// and nothing rests on them: where the index fails, everybody fetches. A lease is prolonged as long as the fetch, and
/// the write after it, goes on, so that it may be short: a machine that dies with one holds up the others no longer than it lasts. Thread-safe.
/// </summary>
internal sealed partial class FetchTurns : IAsyncDisposable
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(80);

    private readonly ISharedStoreIndex _index;
    private readonly ReadPathIndex _lookups;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly long _self = EntryVersion.Next();
    private readonly ConcurrentDictionary<EntryKey, Turn> _held = new();
    private readonly ITimer _prolong;

    public FetchTurns(ISharedStoreIndex index, ReadPathIndex lookups, TimeProvider time, ILogger logger)
    {
        _index = index;
        _lookups = lookups;
        _time = time;
        _logger = logger;
        TimeSpan interval = index.LeaseDuration / 3;
        _prolong = time.CreateTimer(static state => ((FetchTurns)state!).Prolong(), this, interval, interval);
    }

    /// <summary>The turn of who has no lease.</summary>
    public static IAsyncDisposable Free { get; } = new FreeTurn();

    /// <summary>Waits until this machine may fetch.</summary>
    /// <param name="place">What is missing.</param>
    /// <param name="isCached">Whether it is there after all.</param>
    /// <param name="written">Asked when the fetch is over: completes when what it brought is written; null if nothing is to be.</param>
    /// <param name="ct">Gives up.</param>
    /// <returns>The turn, which ends when it is disposed of; null if the place is cached.</returns>
    public async ValueTask<IAsyncDisposable?> TakeAsync(EntryKey place, Func<ValueTask<bool>> isCached, Func<Task?> written, CancellationToken ct)
    {
        long other = 0;
        for (TimeSpan look = FirstLook; ; look = look * 2 < LongestLook ? look * 2 : LongestLook)
        {
            long holder = await TakeLeaseAsync(place, ct).ConfigureAwait(false);
            Turn? turn = holder == _self ? _held.GetOrAdd(place, static (key, turns) => new Turn(turns, key), this) : null;
            turn?.Begin(written);
            if (await isCached().ConfigureAwait(false))
            {
                if (turn is not null)
                {
                    await turn.DisposeAsync().ConfigureAwait(false);
                }

                return null;
            }

            // Whom this one waited for has ended and left nothing that can be cached: each for himself, and not all one after the other.
            if (turn is not null || holder == 0 || (other != 0 && other != holder))
            {
                return turn ?? Free;
            }

            other = holder;
            await Task.Delay(look * (0.5 + (Random.Shared.NextDouble() / 2)), _time, ct).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => _prolong.DisposeAsync();

    /// <summary>Who has the lease; 0 if the index does not say.</summary>
    private async ValueTask<long> TakeLeaseAsync(EntryKey place, CancellationToken ct)
    {
        try
        {
            return await _lookups.TakeLeaseAsync(place, _self, ct).ConfigureAwait(false);
        }
        catch (ZarrCacheException exception)
        {
            LogFailed(exception);
            return 0;
        }
    }

    private async ValueTask ReleaseAsync(EntryKey place)
    {
        try
        {
            await _index.ReleaseLeaseAsync(place, _self, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ZarrCacheException or ObjectDisposedException)
        {
            LogFailed(exception); // it runs out by itself
        }
    }

    private async void Prolong()
    {
        if (_held.IsEmpty)
        {
            return;
        }

        try
        {
            await _index.ProlongLeasesAsync([.. _held.Keys], _self, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is ZarrCacheException or ObjectDisposedException)
        {
            LogFailed(exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The index could not keep a lease on a fetch; what is missing may be fetched more than once.")]
    private partial void LogFailed(Exception exception);

    /// <summary>A lease that this machine has, of one or more fetches of the place.</summary>
    private sealed class Turn(FetchTurns turns, EntryKey place) : IAsyncDisposable
    {
        private int _users;
        private Func<Task?>? _written;

        public void Begin(Func<Task?> written)
        {
            Interlocked.Increment(ref _users);
            _written = written;
        }

        /// <summary>The fetch is over; the lease ends when what it brought can be found in the index.</summary>
        public ValueTask DisposeAsync()
        {
            if (_written?.Invoke() is { IsCompleted: false } writing)
            {
                _ = EndAfterAsync(writing);
                return ValueTask.CompletedTask;
            }

            return EndAsync();
        }

        private async Task EndAfterAsync(Task writing)
        {
            await writing.ConfigureAwait(false);
            await EndAsync().ConfigureAwait(false);
        }

        private ValueTask EndAsync() =>
            Interlocked.Decrement(ref _users) == 0 && turns._held.TryRemove(new(place, this)) ? turns.ReleaseAsync(place) : ValueTask.CompletedTask;
    }

    private sealed class FreeTurn : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
