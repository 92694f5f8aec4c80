package com.example;

import java.io.*;
import java.util.List;
import static java.lang.Math.max;

@RestController
@RequestMapping(value = "/a", method = {GET, POST})
public class Shop extends Base implements Runnable, A.B<String> {
    private static final String QUERY = "select " + "1";
    private int count, sizes[];
    static { init(); }
    enum Kind { ONE, TWO(2); Kind(int... n) { } }
    record Point(int x, int y) { int sum() { return x + y; } }

    public Shop(int count) { super(count); this.count = count; }

    @GetMapping("/x")
    public String find(@RequestParam("n") String name, List<byte[]> list) throws IOException {
        int count = this.count + max(1, 2);
        sizes[0]++;
        if (name instanceof String s && !s.isEmpty()) return helper(s);
        try (Reader r = new FileReader(name); w) {
            char c = (char) r.read();
        } catch (IOException | RuntimeException e) {
            throw new Error(e);
        } finally {
            close();
        }
        for (byte[] b : list) { count += b.length; }
        for (int i = 0; i < 3; i++) continue;
        do { count--; } while (count > 0);
        switch (name) {
            case "a": case "b": run(); break;
            default: return null;
        }
        int size = switch (name) { case "a", "b" -> 1; default -> { log(); yield 2; } };
        Runnable r = () -> count(1);
        Function<String, Integer> f = x -> { return x.length(); };
        Supplier<Shop> make = Shop::new;
        TrustManager t = new X509TrustManager() { public void check(String a) { } };
        byte[] iv = new byte[4], key = {1, (byte) 0x80};
        String[] many = new String[count];
        synchronized (this) { Shop.class.getName(); }
        java.sql.Connection c = null;
        return count > 0 ? QUERY + name : """
            text "block"
            """;
    }

    private static String helper(String s) { return QUERY.concat(s); }
    public void run() { assert count > 0; outer: while (true) { break outer; } }
}
