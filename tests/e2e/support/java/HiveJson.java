package pipec.support;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hive.common.type.HiveDecimal;
import org.apache.hadoop.hive.serde2.objectinspector.ObjectInspectorUtils;
import org.apache.hadoop.hive.serde2.objectinspector.ObjectInspectorUtils.ObjectInspectorCopyOption;
import org.apache.hadoop.hive.serde2.objectinspector.StructField;
import org.apache.hadoop.hive.serde2.objectinspector.StructObjectInspector;
import org.apache.hadoop.io.Text;
import org.apache.hive.hcatalog.data.JsonSerDe;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF3;

/**
 * Hive's own JSON SerDe as a function of Spark: {@code (json, names, types) -> (value, error)}.
 *
 * <p>Firehose's record-format conversion reads JSON with this SerDe, and a record that it cannot read goes to the
 * error prefix instead of stopping the delivery. A Hive table would stop at the first such record, so the SerDe is
 * called for each record here, and what it throws comes back as text beside a missing value.
 *
 * <p>Names are separated by commas, types (Hive's) by colons, as in a table's properties.
 */
public final class HiveJson implements UDF3<String, String, String, Row> {
  private static final Map<String, ThreadLocal<JsonSerDe>> SERDES = new ConcurrentHashMap<>();

  @Override
  public Row call(String json, String names, String types) {
    try {
      JsonSerDe serde = serde(names, types);
      return RowFactory.create(row(serde, json), null);
    } catch (Exception | Error e) {
      return RowFactory.create(null, reason(e));
    }
  }

  /** A SerDe reuses its buffers between calls, so each thread has its own for each schema. */
  private static JsonSerDe serde(String names, String types) {
    return SERDES
        .computeIfAbsent(names + "\n" + types, key -> ThreadLocal.withInitial(() -> create(names, types)))
        .get();
  }

  private static JsonSerDe create(String names, String types) {
    try {
      Properties table = new Properties();
      table.setProperty("columns", names);
      table.setProperty("columns.types", types);
      JsonSerDe serde = new JsonSerDe();
      serde.initialize(new Configuration(false), table);
      return serde;
    } catch (Exception e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static Row row(JsonSerDe serde, String json) throws Exception {
    Object read = serde.deserialize(new Text(json));
    StructObjectInspector inspector = (StructObjectInspector) serde.getObjectInspector();
    List<Object> values = new ArrayList<>();
    for (StructField field : inspector.getAllStructFieldRefs()) {
      Object value = inspector.getStructFieldData(read, field);
      values.add(
          plain(
              ObjectInspectorUtils.copyToStandardObject(
                  value, field.getFieldObjectInspector(), ObjectInspectorCopyOption.JAVA)));
    }
    return RowFactory.create(values.toArray());
  }

  /** Hive's types that Spark does not know, as those of the Java library; structs come as lists and stay so. */
  private static Object plain(Object value) {
    if (value instanceof HiveDecimal) {
      BigDecimal decimal = ((HiveDecimal) value).bigDecimalValue();
      return decimal;
    }
    if (value instanceof Object[]) {
      return Arrays.asList((Object[]) value);
    }
    return value;
  }

  private static String reason(Throwable thrown) {
    Throwable cause = thrown;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.getClass().getSimpleName() + ": " + cause.getMessage();
  }
}
