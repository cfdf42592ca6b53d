using System.Runtime.InteropServices;

namespace ZarrCache;

/// <summary>
/// An async gate for each key of each store, made when it is wanted and forgotten when nobody holds or awaits it. Whoever
/// writes or deletes the bytes of a key holds its gate, across the I/O; no one holds two, so there is no order to keep.
/// Striped semaphores were rejected: a slow upload of one key would hold up others that share its stripe.
/// </summary>
internal sealed class KeyGates
{
    /// <summary>Guards <see cref="_gates"/> and the counts in it.</summary>
    private readonly Lock _lock = new();

    private readonly Dictionary<(string StoreId, string Key), Gate> _gates = [];

    /// <summary>Waits for the gate of a key; disposing of the result opens it for the next.</summary>
    public async ValueTask<Holder> EnterAsync(string storeId, string key, CancellationToken ct)
    {
        Gate gate;
        lock (_lock)
        {
            ref Gate? place = ref CollectionsMarshal.GetValueRefOrAddDefault(_gates, (storeId, key), out _);
            gate = place ??= new Gate();
            gate.Users++;
        }

        try
        {
            await gate.Semaphore.WaitAsync(ct).ConfigureAwait(false);
        }
        catch
        {
            Leave(gate, storeId, key);
            throw;
        }

        return new Holder(this, gate, storeId, key);
    }

    private void Leave(Gate gate, string storeId, string key)
    {
        lock (_lock)
        {
            if (--gate.Users == 0)
            {
                _gates.Remove((storeId, key));
                gate.Semaphore.Dispose();
            }
        }
    }

    /// <summary>Holds a gate until it is disposed of.</summary>
    internal readonly struct Holder(KeyGates gates, Gate gate, string storeId, string key) : IDisposable
    {
        public void Dispose()
        {
            gate.Semaphore.Release();
            gates.Leave(gate, storeId, key);
        }
    }

    internal sealed class Gate
    {
        public SemaphoreSlim Semaphore { get; } = new(1, 1);

        public int Users { get; set; }
    }
}
