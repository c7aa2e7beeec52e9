// Prints the newest state of every incident, one line each, and ends where the topic ends now.
//
//     java -cp "libs/*" IncidentTable.java localhost:9092 kabulwire.incidents.v1
//
// libs/ is the folder of an Apache Kafka distribution: kafka-clients and jackson-databind are in it.

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class IncidentTable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private final Map<String, JsonNode> state = new TreeMap<>();

    /** One record into the table. */
    void take(ConsumerRecord<String, byte[]> record) throws java.io.IOException {
        if (record.value() == null) { // erased for legal reasons
            state.remove(record.key());
            return;
        }
        JsonNode snapshot = JSON.readTree(record.value());
        JsonNode held = state.get(record.key());
        if (held == null || snapshot.get("revision").asLong() > held.get("revision").asLong()) {
            state.put(record.key(), snapshot);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", arguments[0]);
        settings.put("isolation.level", "read_committed");
        settings.put("enable.auto.commit", "false");
        IncidentTable table = new IncidentTable();
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                settings, new StringDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> parts = consumer.partitionsFor(arguments[1]).stream()
                    .map(part -> new TopicPartition(part.topic(), part.partition())).toList();
            consumer.assign(parts);
            consumer.seekToBeginning(parts);
            Map<TopicPartition, Long> ends = consumer.endOffsets(parts);
            while (parts.stream().anyMatch(part -> consumer.position(part) < ends.get(part))) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
                    table.take(record);
                }
            }
        }
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        table.state.forEach((id, snapshot) -> out.println(String.join("\t", id,
                snapshot.get("revision").asText(),
                snapshot.get("state").asText(),
                snapshot.at("/casualties/killed/best").asText("null"))));
    }
}
