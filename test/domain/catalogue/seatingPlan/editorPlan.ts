/** A plan in every detail as pretix's editor exports it: uuids, label positions, radii, shapes, captions. */
export function editorPlan() {
  return {
    name: 'Small room',
    categories: [
      { name: 'Front', color: '#a00' },
      { name: 'Back', color: 'rgb(0, 120, 60)' },
      { name: 'Unused' },
    ],
    size: { width: 600, height: 400 },
    zones: [
      {
        name: 'Stalls',
        zone_id: 'ST',
        uuid: '6f9619ff-8b86-4011-b42d-00c04fc964ff',
        position: { x: 100, y: 50 },
        rows: [
          {
            row_number: 'A',
            row_number_position: 'both',
            row_label: 'Row %s',
            seat_label: null,
            uuid: '7f9619ff-8b86-4011-b42d-00c04fc964ff',
            position: { x: 10.25, y: 20 },
            seats: [
              seat('ST-A-1', '1', 'Front', { x: 0, y: 0 }, { radius: 10, start_direction: '>' }),
              seat('ST-A-2', '2', 'Front', { x: 20.1, y: 0.2 }),
            ],
          },
          {
            row_number: 'B',
            row_number_position: null,
            uuid: '8f9619ff-8b86-4011-b42d-00c04fc964ff',
            seats: [seat('ST-B-1', '1', 'Back', { x: 0, y: 60 })],
          },
        ],
        areas: [
          area('polygon', {
            polygon: {
              points: [
                { x: 0, y: 0 },
                { x: 100, y: 0 },
                { x: 50, y: 40 },
              ],
            },
          }),
          area('rectangle', { rectangle: { width: 200, height: 40 }, border_color: '' }),
          area('ellipse', { ellipse: { radius: { x: 40, y: 20 } } }),
          area('circle', { circle: { radius: 15 } }),
          area('text', {}),
        ],
      },
      // This zone is as in plans of the first years of the editor: no ids, no names, and areas without a shape.
      {
        position: { x: 0, y: 0 },
        rows: [
          { row_number: 'A', position: { x: 1, y: 2 }, seats: [seat('old', '1', 'Back', { x: 3, y: 4 })] },
        ],
        areas: [{ width: 10, height: 10, position: { x: 0, y: 0 }, text: 'Bar' }],
      },
    ],
  };
}

function seat(guid: string, number: string, category: string, position: { x: number; y: number }, more = {}) {
  return { seat_guid: guid, seat_number: number, category, position, uuid: `uuid of ${guid}`, ...more };
}

function area(shape: string, geometry: object) {
  return {
    shape,
    uuid: `uuid of ${shape}`,
    color: '#ddd',
    border_color: '#000',
    rotation: 12.5,
    position: { x: 5, y: 5 },
    text: { text: 'Stage', color: '#fff', size: 16, position: { x: 0, y: 0 } },
    ...geometry,
  };
}
