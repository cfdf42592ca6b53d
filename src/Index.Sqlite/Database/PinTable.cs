namespace ZarrCache.Index.Sqlite;

/// <summary>How far a pin has got with the entries that were there already.</summary>
internal enum PinState
{
    /// <summary>Applied to all.</summary>
    Applied,

    /// <summary>It holds for what is pushed; what was there before is being pinned.</summary>
    Applying,

    /// <summary>It holds no longer; what it pinned is being released.</summary>
    Releasing,

    /// <summary>It is gone.</summary>
    Gone,
}

/// <summary>The table of pins.</summary>
internal static class PinTable
{
    private const string SetSql = "INSERT INTO pins VALUES (?1, ?2, ?3) ON CONFLICT (store, prefix) DO UPDATE SET pending = ?3";
    private const string DeleteSql = "DELETE FROM pins WHERE store = ?1 AND prefix = ?2";

    public static void Set(IndexConnection connection, Pin pin, PinState state)
    {
        Statement write = connection.Prepare(state == PinState.Gone ? DeleteSql : SetSql);
        write.BindText(1, pin.StoreId);
        write.BindText(2, pin.Prefix);
        if (state != PinState.Gone)
        {
            write.Bind(3, (long)state);
        }

        write.Run();
        connection.Execute("UPDATE state SET pin_changes = pin_changes + 1");
    }

    /// <summary>How far a pin has got; null if there is none.</summary>
    public static PinState? Find(IndexConnection connection, Pin pin)
    {
        Statement find = connection.Prepare("SELECT pending FROM pins WHERE store = ?1 AND prefix = ?2");
        find.BindText(1, pin.StoreId);
        find.BindText(2, pin.Prefix);
        PinState? state = find.Step() ? (PinState)find.Int64(0) : null;
        find.Reset();
        return state;
    }

    /// <summary>The pins that hold.</summary>
    public static PinSet Read(IndexConnection connection)
    {
        var pins = new PinSet();
        foreach ((Pin pin, PinState state) in ReadAll(connection))
        {
            if (state != PinState.Releasing)
            {
                pins.Add(pin);
            }
        }

        return pins;
    }

    /// <summary>All that there are, with how far they have got.</summary>
    public static IReadOnlyList<(Pin Pin, PinState State)> ReadAll(IndexConnection connection)
    {
        var pins = new List<(Pin, PinState)>();
        Statement rows = connection.Prepare("SELECT store, prefix, pending FROM pins");
        while (rows.Step())
        {
            pins.Add((new Pin(rows.Text(0), rows.Text(1)), (PinState)rows.Int64(2)));
        }

        return pins;
    }
}
